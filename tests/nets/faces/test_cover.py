import cv2
import numpy as np
import pytest
from nets.faces.people import astronaut, frontal, picture

from iqmetrics.nets.faces import cover
from iqmetrics.nets.faces.canonical import EYES, SIZE, TOP
from iqmetrics.nets.faces.cover import covered
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.pose import take_apart


@pytest.fixture
def front():
    (face,) = faces_of([picture(astronaut())])[0]
    return frontal(astronaut(), take_apart(face.mesh).symmetric, face.square)


def rows(low, high):
    return slice(int(TOP + low * EYES), int(TOP + high * EYES))


def test_a_bare_face_is_not_covered(front):
    assert covered(front) is None


def test_dark_glasses(front):
    front[rows(-0.35, 0.3), 20 : SIZE - 20] = 8
    assert "glasses" in covered(front)


def test_one_dark_eye_is_no_pair_of_glasses(front):
    front[rows(-0.3, 0.3), 20 : SIZE // 2 - 6] = 8
    assert covered(front) is None


def test_a_mask_over_the_mouth(front):
    front[rows(0.7, 1.9)] = (120, 170, 200)
    assert "mouth" in covered(front)


def test_a_dim_photo_is_not_a_covered_face(front):
    assert covered((front * 0.35).astype(np.uint8)) is None


def test_nothing_that_is_looked_at_or_blurred_into_it_lies_outside() -> None:
    front = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    blurred = cv2.GaussianBlur(front[..., 0].astype(float), (0, 0), 1.5)
    part = cv2.GaussianBlur(front[cover.ROWS, cover.COLUMNS, 0].astype(float), (0, 0), 1.5)
    for x, y, reach in ((-0.5, 0, 0.2), (0.5, 0, 0.2), (0, 1.1, 0.25)):
        column, row, half = SIZE / 2 + x * EYES, TOP + y * EYES, reach * EYES
        rows, columns = (slice(int(n - half), int(n + half) + 1) for n in (row, column))
        np.testing.assert_allclose(cover._patch(part, x, y, reach), blurred[rows, columns])
