import numpy as np

from iqmetrics.nets.faces.shape import EYES, OVAL, left, mirror_all, mirror_map, template


def test_the_mirror_of_the_mirror_is_the_point():
    pair = mirror_map()
    assert (pair[pair] == np.arange(468)).all()
    assert (pair == np.arange(468)).sum() == 28, "points on the midline"
    assert pair[EYES[0][0]] == EYES[1][1] and pair[EYES[0][1]] == EYES[1][0]


def test_the_mean_face_is_symmetric_and_of_unit_eye_distance():
    shape = template()
    np.testing.assert_allclose(shape[mirror_map()], shape * [-1, 1], atol=1e-6)
    a, b = (shape[list(eye)].mean(0) for eye in EYES)
    np.testing.assert_allclose([a, b], [[-0.5, 0], [0.5, 0]], atol=1e-6)


def test_irises_swap_in_the_mirror_and_keep_their_tops():
    pair = mirror_all()
    assert (pair[pair] == np.arange(478)).all() and (pair[:468] == mirror_map()).all()
    assert pair[470] == 475, "top to top"
    assert pair[469] == 476, "right end to left end"


def test_left_points_are_half_of_those_off_the_midline():
    assert len(left()) == (468 - 28) // 2
    assert not set(left()) & set(mirror_map()[left()])


def test_the_outline_is_symmetric():
    assert set(mirror_map()[list(OVAL)]) == set(OVAL)
