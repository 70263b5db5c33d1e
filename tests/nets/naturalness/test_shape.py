"""Fits of the generalised Gaussian, and the scores from them."""

import naturalness_reference as reference
import numpy as np
import pytest
from numpy.typing import NDArray

from iqmetrics.nets.naturalness import shape

TABLE = shape.table()


def sums(x: NDArray[np.float64]) -> NDArray[np.float64]:
    left, right = x[x < 0], x[x > 0]
    return np.array(
        [len(left), (left**2).sum(), len(right), (right**2).sum(), np.abs(x).sum()], np.float64
    )


def repeated(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([sums(x)] * 5)


@pytest.mark.parametrize(("power", "drawn"), [(2.0, "normal"), (1.0, "laplace")])
def test_fit_finds_the_shape_of_known_distributions(power: float, drawn: str) -> None:
    x = getattr(np.random.default_rng(1), drawn)(0, 2, 400_000)
    index, left, right = shape.fit(sums(x), len(x), TABLE)
    assert TABLE.shape[index] == pytest.approx(power, rel=0.02)
    assert left == pytest.approx(np.sqrt((x[x < 0] ** 2).mean()))
    assert right == pytest.approx(left, rel=0.02)


def test_fit_tells_left_from_right() -> None:
    x = np.abs(np.random.default_rng(2).normal(0, 1, 100_000))
    x[::2] *= -3
    _, left, right = shape.fit(sums(x), len(x), TABLE)
    assert left / right == pytest.approx(3, rel=0.02)


def test_nearest_is_the_full_search() -> None:
    ratios = np.random.default_rng(3).uniform(0.05, 0.8, 200)
    for ratio, index in zip(ratios, TABLE.nearest(ratios), strict=True):
        assert index == np.argmin((reference.R_TABLE - ratio) ** 2)
    inverses = np.random.default_rng(4).uniform(1.2, 30, 200)
    for inverse, index in zip(inverses, TABLE.nearest_inverse(inverses), strict=True):
        assert index == np.argmin(np.abs(1 / reference.R_TABLE - inverse))


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_one_sided_values_have_no_fit() -> None:
    features = shape.niqe_features(repeated(np.array([1.0, 2.0])), 2, TABLE)
    assert np.isnan(features[1:]).any()
    assert np.isnan(shape.niqe_features(np.zeros((5, 5)), 9, TABLE)).any()


def test_features_are_those_of_the_reference() -> None:
    block = np.random.default_rng(5).normal(0, 1, (24, 24))
    maps = [block, *(block * np.roll(block, s, (0, 1)) for s in ((0, 1), (1, 0), (1, 1), (1, -1)))]
    found = shape.niqe_features(np.stack([sums(m.ravel()) for m in maps]), 576, TABLE)
    assert found == pytest.approx(reference.niqe_features(block), rel=1e-9)


def test_distance_is_zero_at_the_model_and_grows_away_from_it() -> None:
    rng = np.random.default_rng(6)
    features = rng.normal(0, 1, (1, 50, 36))
    mean, covariance = features[0].mean(0), np.eye(36)
    here, count = shape.niqe_distance(features, mean, covariance)
    there, _ = shape.niqe_distance(features, mean + 1, covariance)
    assert here[0] == pytest.approx(0, abs=1e-9) and count[0] == 50
    spread = (covariance + np.cov(features[0].T)) / 2
    assert there[0] == pytest.approx(np.sqrt(np.linalg.inv(spread).sum()), rel=1e-9)


def test_blocks_without_texture_count_for_nothing() -> None:
    features = np.random.default_rng(7).normal(0, 1, (1, 30, 36))
    holed = np.concatenate([features, np.full((1, 9, 36), np.nan)], 1)
    holed[0, 31, 0] = 0.2  # even where one feature happens to be a number
    expected, _ = shape.niqe_distance(features, np.ones(36), np.eye(36))
    found, count = shape.niqe_distance(holed, np.ones(36), np.eye(36))
    assert found[0] == pytest.approx(expected[0], rel=1e-12) and count[0] == 30


def test_fewer_than_two_blocks_do_not_crash() -> None:
    features = np.full((2, 3, 36), np.nan)
    features[0, 0] = 1.0
    found, count = shape.niqe_distance(features, np.zeros(36), np.eye(36))
    assert count.tolist() == [1, 0] and np.isfinite(found).all()


def test_numpy_and_torch_agree() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(8).laplace(0, 1, 5000)
    all_sums = np.stack([repeated(x), repeated(x + 0.1)])
    on_torch = shape.table("cpu")
    for features in (shape.niqe_features, shape.brisque_features):
        a = features(all_sums, len(x), TABLE)
        b = features(torch.from_numpy(all_sums), len(x), on_torch)
        assert b.numpy() == pytest.approx(a, rel=1e-12)


def test_regression_is_a_sum_of_bells() -> None:
    vectors = np.zeros((2, 36))
    vectors[1] = 1
    model = shape.Regression(np.array([3.0, 5.0]), vectors, np.zeros(36), np.ones(36), 0.05, -2.0)
    assert model(np.full(36, 0.5)) == pytest.approx(3 + 5 * np.exp(-0.05 * 36) + 2)
    assert model(np.full((4, 36), 0.5)).shape == (4,)
