import numpy as np
import pytest
from nets.faces.people import astronaut, picture

from iqmetrics.nets.faces import iris, mesh
from iqmetrics.nets.faces.crop import cut
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.pose import take_apart
from iqmetrics.nets.faces.shape import left, mirror_all


@pytest.fixture(scope="module")
def traced():
    """All 478 points of the astronaut in her picture, and her mesh taken apart."""
    shown = picture(astronaut())
    (face,) = faces_of([shown])[0]
    crop = cut(shown.pixels, face.square, mesh.SIDE)
    points, _ = mesh.trace_crops(crop[None])
    return face.square.to_image(points[0], mesh.SIDE), take_apart(face.mesh)


def test_squares_sit_on_the_eyes(traced):
    _, posed = traced
    one, two = iris.eye_squares(posed)
    assert one.x < two.x
    assert (one.x + two.x) / 2 == pytest.approx(posed.symmetric[[33, 263], 0].mean(), abs=1)
    assert one.side == pytest.approx(two.side, rel=0.15)


def test_the_points_are_those_of_one_eye():
    assert len(set(iris.POINTS)) == 76
    mirrored = mirror_all()[list(iris.POINTS)]
    assert set(mirrored[:71]) <= set(left().tolist())
    assert set(mirrored[71:]) == set(range(468, 473))


def test_both_eyes_are_seen_as_the_same_eye(traced):
    eyes = iris.both(*traced)
    off = np.linalg.norm(eyes[0] - eyes[1], axis=-1)
    assert off.mean() < 0.1, "a normal face has like eyes, in eye widths"
    squares = iris.eye_squares(traced[1])
    grey = iris.grey(np.stack([cut(astronaut(), square, iris.SIDE) for square in squares]))
    assert np.corrcoef(grey[0].ravel(), grey[1].ravel())[0, 1] > 0.5


def test_the_iris_lies_between_the_lids(traced):
    for eye in iris.both(*traced):
        low, high = eye[:16].min(0), eye[:16].max(0)
        assert (eye[71] > low - 0.05).all() and (eye[71] < high + 0.05).all()


def test_the_mirrored_mesh_has_its_eyes_swapped(traced):
    points, posed = traced
    other = points[mirror_all()] * [-1, 1, 1] + [512, 0, 0]
    eyes, swapped = iris.both(points, posed), iris.both(other, take_apart(other[:468]))
    np.testing.assert_allclose(swapped[::-1], eyes, atol=0.05)  # half a pixel of the picture


def test_a_moved_eye_is_moved_here_too(traced):
    points, posed = traced
    moved = points.copy()
    width = np.linalg.norm(points[362, :2] - points[263, :2])
    moved[list(iris.POINTS), 1] += 0.3 * width
    eyes, after = iris.both(points, posed), iris.both(moved, posed)
    np.testing.assert_allclose(after[0], eyes[0])
    np.testing.assert_allclose((after[1] - eyes[1])[:, 1], 0.3, atol=0.03)
