"""brisque: the authors' values, what has no value, and the same number everywhere."""

import naturalness_laws as laws
import numpy as np
import pytest
from naturalness_pictures import noise, photo, picture

from iqmetrics.scorers.brisque import Brisque, regression


def brisque(pixels: np.ndarray) -> float:
    return Brisque().score([picture(pixels)])[0].values["brisque"]


def test_contract() -> None:
    laws.check_contract(Brisque())


def test_stacks_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    laws.check_stacks(Brisque(), monkeypatch)


def test_memory_is_bounded() -> None:
    laws.check_memory(Brisque(), 4)


def test_golden() -> None:
    laws.check_golden(Brisque())


def test_official_values() -> None:
    official, ours = laws.official("brisque"), laws.calibrated(Brisque())
    for name in ("I03", "I04", "I06"):
        assert ours[name] == pytest.approx(official[name], abs=0.02)


def test_the_right_regression_is_shipped() -> None:
    model = regression()
    assert model.vectors.shape == (774, 36), "a model of 770 vectors goes by the same name"
    assert (model.gamma, model.rho) == (0.05, -153.591)
    assert np.abs(model.coefficients).max() == 1024
    assert model.coefficients.sum() == pytest.approx(0, abs=0.05), "as in every trained SVR"
    assert (model.low < model.high).all()


def test_blur_and_noise_read_as_distortion() -> None:
    clean = photo("chelsea.png")
    grainy = np.clip(clean + np.random.default_rng(0).normal(0, 40, clean.shape), 0, 255)
    coarse = np.kron(clean[::4, ::4], np.ones((4, 4, 1), np.uint8))
    assert brisque(clean) < 10
    assert brisque(grainy.astype(np.uint8)) > brisque(clean) + 20
    assert brisque(coarse) > brisque(clean) + 20


@pytest.mark.parametrize("size", [(31, 400), (400, 31), (1, 1)])
def test_too_small_is_not_applicable(size: tuple[int, int]) -> None:
    missing = Brisque().score([picture(noise(*size))])[0].missing["brisque"]
    assert missing.status == "not_applicable" and "shorter than 32 px" in missing.reason


@pytest.mark.parametrize("level", [0, 255])
def test_a_flat_picture_has_no_distribution(level: int) -> None:
    reading = Brisque().score([picture(np.full((64, 64, 3), level, np.uint8))])[0]
    assert set(reading.values) | set(reading.missing) == {"brisque"}
    assert all(np.isfinite(v) for v in reading.values.values())
    assert reading.missing["brisque"].status == "not_applicable"
