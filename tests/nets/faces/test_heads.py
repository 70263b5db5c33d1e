import numpy as np
import pytest

from iqmetrics.nets.faces import heads

FLAT = {
    "scale": np.ones(3),
    "weights": np.eye(3, 10),
    "step": np.ones((1, 10)),
    "blocks": np.array([0]),
    "white": np.tile(np.eye(2), (5, 1, 1)),
    "growth": np.array([0, 0, 0, 0, 1.0]),
}


def test_the_first_two_numbers_are_the_first_region():
    shift = heads.moved(np.array([[1.0, 2.0, 3.0]]), FLAT)
    assert shift.shape == (1, 5, 2)
    assert shift[0, 0].tolist() == [1, 2] and shift[0, 1].tolist() == [3, 0]


def test_each_kind_of_difference_has_its_own_step():
    step = np.stack([np.ones(10), np.full(10, 0.5)])
    constants = FLAT | {"blocks": np.array([0, 1]), "step": step}
    shift = heads.moved(np.array([[1.0, 2.0, 3.0]]), constants)
    assert shift[0].ravel().tolist() == [1, 1, 1.5, *[0] * 7]


def test_the_jaw_is_what_head_and_net_say_together():
    shift, jaw = np.arange(20.0).reshape(2, 5, 2), np.array([[1.0, 2.0], [3.0, 4.0]])
    mix = np.array([[1.0, 0, 10, 0], [0, 1, 0, 10]])
    both = heads.joined(shift, jaw, {"mix": mix})
    assert both[:, -1].tolist() == [[18, 29], [48, 59]]
    np.testing.assert_array_equal(both[:, :-1], shift[:, :-1])


def test_the_mirror_image_scores_the_same():
    skew = np.random.default_rng(0).normal(0, 2, (6, 3))
    yaw = np.linspace(-20, 20, 6)
    one = heads.crooked(heads.moved(skew, FLAT), yaw, FLAT)
    two = heads.crooked(heads.moved(-skew, FLAT), -yaw, FLAT)
    np.testing.assert_array_equal(one, two)


def test_the_score_is_the_root_mean_square_and_the_band_widens_with_yaw():
    shift = np.zeros((2, 5, 2))
    shift[:, :, 0], shift[:, :, 1] = 3, 4
    score = heads.crooked(shift, np.array([0.0, 30.0]), FLAT)
    assert score[0] == pytest.approx(np.full(5, np.sqrt(12.5)))
    assert score[1, 4] == pytest.approx(np.sqrt(12.5) / 1.5)


def test_one_wild_number_is_clipped():
    assert heads.scaled(np.array([[1e9, -1e9, 0]]), FLAT["scale"]).tolist() == [[4, -4, 0]]


def test_energy_is_the_root_mean_square_of_each_kind_and_of_each_place():
    constants = FLAT | {
        "scale": np.ones(5),
        "blocks": np.array([0, 1]),
        "grids": np.array([[1, 5, 2]]),
    }
    skew = np.array([[2.0, 3.0, 1.0, -1.0, 1.0]])
    np.testing.assert_allclose(heads.energy(skew, constants), [[2, np.sqrt(3), np.sqrt(5), 1]])


def test_malformed_is_between_0_and_1_and_rises_with_its_signs():
    constants = {"signs_mean": np.zeros(8), "signs_sd": np.ones(8)}
    constants["signs"] = np.concatenate([[0], np.ones(16)])
    broken = np.array([[1e-4, 1e-4], [0.5, 0.5], [50.0, 50.0]])
    p = heads.malformed(broken, np.ones((3, 5)), np.ones((3, 1)), constants)
    assert 0 <= p[0] < p[1] < p[2] <= 1
