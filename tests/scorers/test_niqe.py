"""niqe: the authors' values, what has no value, and the same number everywhere."""

import naturalness_laws as laws
import naturalness_reference as reference
import numpy as np
import pytest
from naturalness_pictures import noise, photo, picture

from iqmetrics.scorers.niqe import Niqe, _pristine


def niqe(pixels: np.ndarray) -> float:
    return Niqe().score([picture(pixels)])[0].values["niqe"]


def blurred(pixels: np.ndarray) -> np.ndarray:
    padded = np.pad(pixels.astype(float), ((3, 3), (3, 3), (0, 0)), "edge")
    h, w = pixels.shape[:2]
    views = [padded[i : i + h, j : j + w] for i in range(7) for j in range(7)]
    return np.mean(views, axis=0).astype(np.uint8)


def test_contract() -> None:
    laws.check_contract(Niqe())


def test_stacks_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    laws.check_stacks(Niqe(), monkeypatch)


def test_memory_is_bounded() -> None:
    laws.check_memory(Niqe(), 5)


def test_golden() -> None:
    laws.check_golden(Niqe())


def test_official_values() -> None:
    official, ours = laws.official("niqe"), laws.calibrated(Niqe())
    for name in ("I04", "I06"):
        assert ours[name] == pytest.approx(official[name], abs=0.005)
    for name in ("I03", "I08", "I19"):
        assert ours[name] == pytest.approx(official[name], rel=0.006)


def test_is_the_dense_reference_also_with_flat_blocks() -> None:
    pixels = noise(290, 400)
    pixels[:200, :200] = 50  # four exactly flat blocks
    mean, covariance = _pristine()
    expected = reference.niqe(pixels, {"mean": mean, "covariance": covariance})
    reading = Niqe().score([picture(pixels)])[0]
    assert reading.values["niqe"] == pytest.approx(expected, abs=1e-6)
    assert reading.evidence == {"blocks": 12, "textured": 8}


def test_blur_and_noise_read_as_worse_than_the_photograph() -> None:
    clean = photo("coffee.png")
    grainy = np.clip(clean + np.random.default_rng(0).normal(0, 40, clean.shape), 0, 255)
    assert niqe(clean) < 5 < niqe(blurred(clean))
    assert niqe(clean) < niqe(grainy.astype(np.uint8))


def test_what_is_beyond_whole_blocks_is_not_looked_at() -> None:
    pixels = noise(200, 290)
    other = pixels.copy()
    other[192:, :] = 255
    other[:, 288:] = 0
    assert niqe(pixels) == niqe(other)


@pytest.mark.parametrize("size", [(95, 4000), (100, 100), (96, 191)])
def test_too_small_is_not_applicable(size: tuple[int, int]) -> None:
    missing = Niqe().score([picture(noise(*size))])[0].missing["niqe"]
    assert missing.status == "not_applicable"
    assert f"{size[1]} x {size[0]} px" in missing.reason


def test_two_blocks_are_enough() -> None:
    assert niqe(noise(96, 192)) > 0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_no_value(level: int) -> None:
    reading = Niqe().score([picture(np.full((300, 300, 3), level, np.uint8))])[0]
    assert not reading.values
    assert reading.missing["niqe"].status == "not_applicable"
    assert "0 of 9 blocks" in reading.missing["niqe"].reason


def test_one_textured_block_is_not_enough() -> None:
    pixels = np.full((300, 300, 3), 60, np.uint8)
    pixels[10:80, 10:80] = noise(140, 140)[70:, 70:]
    assert "1 of 9 blocks" in Niqe().score([picture(pixels)])[0].missing["niqe"].reason
