import numpy as np
import pytest
from nets.faces.people import astronaut, frontal, picture

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
