import numpy as np
import pytest
from nets.faces.people import astronaut, picture

from iqmetrics.nets.faces import iris
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.pose import take_apart


@pytest.fixture(scope="module")
def eyes():
    shown = picture(astronaut())
    (face,) = faces_of([shown])[0]
    posed = take_apart(face.mesh)
    return posed, iris.look([shown.pixels], [posed])


def test_squares_sit_on_the_eyes(eyes):
    posed, _ = eyes
    left, right = iris.eye_squares(posed)
    assert left.x < right.x
    assert (left.x + right.x) / 2 == pytest.approx(posed.symmetric[[33, 263], 0].mean(), abs=1)
    assert left.side == pytest.approx(right.side, rel=0.15)


def test_both_eyes_are_seen_as_the_same_eye(eyes):
    _, (points, grey, _) = eyes
    assert points.shape == (1, 2, 76, 2) and grey.shape == (1, 2, 64, 64)
    off = np.linalg.norm(points[0, 0] - points[0, 1], axis=-1)
    assert off.mean() < 0.1, "a normal face has like eyes, in eye widths"
    assert np.corrcoef(grey[0, 0].ravel(), grey[0, 1].ravel())[0, 1] > 0.5


def test_the_iris_lies_between_the_lids(eyes):
    _, (points, _, _) = eyes
    for eye in points[0]:
        low, high = eye[:16].min(0), eye[:16].max(0)
        assert (eye[71] > low - 0.05).all() and (eye[71] < high + 0.05).all()


def test_a_wall_instead_of_a_face_still_gives_numbers(eyes):
    posed, _ = eyes
    points, _, _ = iris.look([np.full((512, 512, 3), 200, np.uint8)], [posed])
    assert np.isfinite(points).all()


def test_the_inner_layer_tells_like_eyes_from_unlike_ones(eyes):
    posed, (_, _, deep) = eyes
    left, _ = iris.eye_squares(posed)
    broken = astronaut().copy()
    x, y, half = round(left.x), round(left.y), round(left.side / 3)
    broken[y - half : y + half, x - half : x + half] = 180
    *_, unlike = iris.look([broken], [posed])
    assert np.abs(unlike).mean() > 1.3 * np.abs(deep).mean()


def test_no_faces():
    points, grey, deep = iris.look([], [])
    assert points.shape == (0, 2, 76, 2) and grey.shape == (0, 2, 64, 64)
    assert deep.shape == (0, 2048)
