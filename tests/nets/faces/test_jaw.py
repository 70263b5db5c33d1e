import cv2
import numpy as np
import pytest
from nets.faces.people import astronaut, picture

from iqmetrics.nets.faces import jaw
from iqmetrics.nets.faces.canonical import EYES, SIZE, TOP
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.measure import measure


@pytest.fixture(scope="module")
def front():
    (face,) = faces_of([picture(astronaut())])[0]
    return measure([astronaut()], [face])[0].face


def bent(front, by):
    """The frontal face with its left jaw moved by so many eye distances (right, down)."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    at = np.array([SIZE / 2 - 0.85 * EYES, TOP + 1.15 * EYES])
    far = np.hypot(x - at[0], y - at[1]) / (0.45 * EYES)
    way = np.exp(-(far**3))[..., None] * np.array(by) * EYES
    where = (np.stack([x, y], -1) - way).astype(np.float32)
    return cv2.remap(front, where[..., 0], where[..., 1], cv2.INTER_LINEAR)


def test_the_mirror_image_changes_the_sign_and_nothing_else(front):
    one, two = jaw.jaw_moved([front, np.ascontiguousarray(front[:, ::-1])])
    np.testing.assert_array_equal(one, -two)
    assert np.abs(one).max() > 1e-4


def test_a_symmetric_face_is_not_moved(front):
    even = front.copy()
    even[:, SIZE // 2 :] = front[:, : SIZE // 2][:, ::-1]
    np.testing.assert_array_equal(jaw.jaw_moved([even]), [[0, 0]])


@pytest.mark.parametrize("by", [(-0.12, 0), (0.12, 0), (0, 0.12), (0, -0.12)])
def test_a_moved_jaw_is_seen_to_move_that_way(front, by):
    still, moved = jaw.jaw_moved([front, bent(front, by)])
    along = (moved - still) @ np.array(by) / np.linalg.norm(by)
    assert 0.15 < along / 0.12 < 1.2


def test_many_faces_answer_as_each_alone(front):
    fronts = [front, bent(front, (0, 0.1)), front[:, ::-1].copy()]
    together = jaw.jaw_moved(fronts)
    np.testing.assert_array_equal(together, [jaw.jaw_moved([f])[0] for f in fronts])


def test_light_hardly_counts(front):
    dim = (front * 0.7).astype(np.uint8)
    one, two = jaw.jaw_moved([front, dim])
    np.testing.assert_allclose(one, two, atol=0.01)


def test_strips_run_outwards_from_the_same_places_of_both_sides(front):
    left, right = jaw.strips(front)
    assert left.shape == right.shape == (len(jaw.RAYS), len(jaw.REACH), 3)
    again = jaw.strips(np.ascontiguousarray(front[:, ::-1]))
    np.testing.assert_array_equal(again, [right, left])
    near = jaw._points()[:, 0] - jaw._points()[:, -1]
    assert (near[np.degrees(jaw.RAYS) < 80, 0] > 0).all()


def test_a_layer_is_a_convolution_of_every_second_place():
    side = np.random.default_rng(0).normal(size=(2, 8, 8)).astype(np.float32)
    own = np.zeros((1, 18), np.float32)
    own[0, 4] = own[0, 13] = 1
    layers = [(own, np.zeros(1, np.float32))]
    seen = jaw.look(side, layers)
    np.testing.assert_allclose(seen[0], np.maximum(side.sum(0), 0), rtol=1e-6)
    halved = jaw.look(seen, [(own[:, :9], np.ones(1, np.float32))] * 2)
    np.testing.assert_allclose(halved[0], seen[0, ::2, ::2] + 2, rtol=1e-6)


def test_a_product_in_pieces_is_the_product():
    rng = np.random.default_rng(0)
    own, columns = rng.normal(size=(48, 432)), rng.normal(size=(432, 100))
    np.testing.assert_allclose(jaw.times(own, columns), own @ columns, rtol=1e-9, atol=1e-9)


def test_the_layers_fill_the_file():
    with np.load(jaw.weights.find("face_jaw")) as data:
        stored = dict(data)
    shapes = [shape for wide in jaw.NETS for shape in jaw.shapes(wide)]
    assert len(stored["weights"]) == sum(out * into for out, into in shapes)
    assert len(stored["step"]) == len(stored["add"]) == sum(out for out, _ in shapes)


def test_no_faces():
    assert jaw.jaw_moved([]).shape == (0, 2)
