"""piqe: pyiqa's values, what has no value, and the same number everywhere."""

from collections.abc import Callable

import naturalness_laws as laws
import naturalness_reference as reference
import numpy as np
import pytest
from naturalness_pictures import noise, photo, picture

from iqmetrics.scorers.piqe import Piqe, _reading


def piqe(pixels: np.ndarray) -> float:
    return Piqe().score([picture(pixels)])[0].values["piqe"]


def test_contract() -> None:
    laws.check_contract(Piqe())


def test_stacks_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    laws.check_stacks(Piqe(), monkeypatch)


def test_memory_is_bounded() -> None:
    laws.check_memory(Piqe(), 2.5)


def test_golden() -> None:
    laws.check_golden(Piqe())


def test_official_values() -> None:
    official, ours = laws.official("piqe"), laws.calibrated(Piqe())
    assert ours == pytest.approx(official, abs=0.01)


def test_pyiqa_says_the_same_of_the_calibration_pictures() -> None:
    pyiqa = pytest.importorskip("pyiqa")
    metric = pyiqa.create_metric("piqe", device="cpu")
    for name, value in laws.calibrated(Piqe()).items():
        theirs = float(metric(str(laws.calibration() / "dist" / f"{name}.bmp")))
        assert value == pytest.approx(theirs, abs=0.01), name


@pytest.mark.parametrize("size", [(64, 64), (70, 93), (16, 31)])
def test_is_the_dense_reference_at_every_remainder(size: tuple[int, int]) -> None:
    pixels = noise(*size, seed=4)
    assert piqe(pixels) == pytest.approx(reference.piqe(pixels), abs=1e-6)


def test_blocking_reads_as_distortion() -> None:
    clean = photo("coffee.png")
    coarse = np.kron(clean[::8, ::8], np.ones((8, 8, 1), np.uint8))
    assert piqe(coarse) > piqe(clean) + 20


def test_a_picture_without_a_busy_block_is_a_hundred_and_says_so() -> None:
    ramp = np.repeat(np.linspace(20, 200, 128).astype(np.uint8)[None, :, None], 64, axis=0)
    reading = Piqe().score([picture(np.repeat(ramp, 3, axis=2))])[0]
    assert reading.values == {"piqe": 100.0}
    assert reading.evidence["busy"] == 0


@pytest.mark.parametrize("level", [0, 255])
def test_one_colour_is_not_applicable(level: int) -> None:
    pixels = np.full((64, 64, 3), level, np.uint8)
    missing = Piqe().score([picture(pixels)])[0].missing["piqe"]
    assert missing.status == "not_applicable" and "one flat colour" in missing.reason
    pixels[5, 6, 1] ^= 9  # beside the few pixels that are looked at first
    assert "piqe" in Piqe().score([picture(pixels)])[0].values


def test_too_small_is_not_applicable() -> None:
    missing = Piqe().score([picture(noise(15, 200))])[0].missing["piqe"]
    assert missing.status == "not_applicable" and "200 x 15 px" in missing.reason


def blocks(*rows: tuple[float, int, int]) -> np.ndarray:
    return np.array([rows], np.float64)


def test_the_mean_of_busy_blocks_by_hand() -> None:
    found = _reading(blocks((0.5, 0, 1), (0.4, 1, 0), (0.3, 1, 1), (0.2, 0, 0), (0.1, 1, 1)))
    assert found.values["piqe"] == pytest.approx(100 * (0.5 + 0.4 + 1 + 0 + 1) / 5)
    assert found.evidence == {"blocks": 5, "busy": 4, "impaired": 2, "noisy": 2}
    assert _reading(blocks((0.1, 1, 1))).values["piqe"] == 100, "none is busy"


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud])
def test_a_mirrored_picture_has_the_same_busy_blocks(turn: Callable) -> None:
    pixels = photo("coffee.png")[:256, :256]
    there = Piqe().score([picture(pixels)])[0]
    mirrored = Piqe().score([picture(np.ascontiguousarray(turn(pixels)))])[0]
    assert mirrored.evidence["busy"] == there.evidence["busy"]
    assert mirrored.values["piqe"] == pytest.approx(there.values["piqe"], abs=4)


def test_grey_is_all_that_counts() -> None:
    grey = np.repeat(noise(64, 96, seed=2)[..., :1], 3, 2)
    stretched = (grey // 2 + 20).astype(np.uint8)
    assert piqe(grey) < 101 and piqe(stretched) == pytest.approx(piqe(grey), abs=3)
