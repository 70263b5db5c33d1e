"""niqe, brisque and piqe: worse pictures read as worse; niqe and brisque read a turned one alike."""

import itertools
from typing import Any

import numpy as np
import pytest
from naturalness_pictures import photo, picture
from PIL import Image, ImageFilter

from iqmetrics.scorers.brisque import Brisque
from iqmetrics.scorers.niqe import Niqe
from iqmetrics.scorers.piqe import Piqe

SCORERS = (Niqe(), Brisque(), Piqe())


def value(scorer: Any, pixels: np.ndarray) -> float:
    (reading,) = scorer.score([picture(pixels, "a.png")])
    return float(reading.values[scorer.name])


def blurred(pixels: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def grained(pixels: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(5).normal(0, sigma, pixels.shape[:2])[..., None]
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    """Whole blocks of 96, so that a turned picture is cut into the same ones."""
    return np.ascontiguousarray(photo("astronaut.png")[:384, :384])


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: s.name)
def test_every_step_of_noise_reads_as_worse(scorer: Any, clean: np.ndarray) -> None:
    ladder = [value(scorer, grained(clean, sigma)) for sigma in (0, 8, 16, 32, 64)]
    assert all(b > a + 1 for a, b in itertools.pairwise(ladder))


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: s.name)
def test_every_step_of_blur_reads_as_worse(scorer: Any, clean: np.ndarray) -> None:
    ladder = [value(scorer, blurred(clean, radius)) for radius in (0, 0.8, 1.6, 3.2)]
    assert all(b > a + 1 for a, b in itertools.pairwise(ladder))


@pytest.mark.parametrize("scorer", SCORERS[:2], ids=lambda s: s.name)
def test_upside_down_reads_the_same(scorer: Any, clean: np.ndarray) -> None:
    """Half a turn maps every pair of neighbours on a pair of the same kind."""
    turned = np.ascontiguousarray(clean[::-1, ::-1])
    assert value(scorer, turned) == pytest.approx(value(scorer, clean), rel=1e-6)


def test_piqe_may_read_a_turned_picture_otherwise(clean: np.ndarray) -> None:
    """Columns 8 and 10 of 16 are what it compares a block's middle without: not a mirrored pair."""
    straight, turned = value(Piqe(), clean), value(Piqe(), np.ascontiguousarray(clean[::-1, ::-1]))
    assert turned != pytest.approx(straight, rel=1e-6) and turned == pytest.approx(
        straight, rel=0.1
    )
