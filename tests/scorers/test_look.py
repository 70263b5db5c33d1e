import numpy as np
import pytest
from contract import check_scorer

from iqmetrics.images import Picture
from iqmetrics.plugins import make
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.look import Look


def picture(pixels: np.ndarray) -> Picture:
    return Picture(ImageRecord("a.png", "a.png"), np.ascontiguousarray(pixels))


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([130 + 60 * np.sin(x / 40 + c) * np.cos(y / 30) for c in range(3)], -1)
    base[height // 4 : height // 2, width // 4 : width // 2] = 230
    return np.clip(base + rng.normal(0, 4, base.shape), 0, 255).astype(np.uint8)


def test_the_laws_of_a_scorer():
    shapes = [(300, 400), (256, 256), (120, 400)]
    check_scorer(Look(), [picture(scene(h, w, i)) for i, (h, w) in enumerate(shapes)])


def test_it_is_registered():
    assert isinstance(make("scorer", "look"), Look)


def test_what_cannot_be_judged_says_why():
    reading = Look().score([picture(np.full((100, 100, 3), 200, np.uint8))])[0]
    assert reading.missing["look.sharpness"].status == "not_applicable"
    assert reading.missing["look.grid"].status == "not_applicable"
    assert reading.values["look.repeats"] == 0
    green = Look().score([picture(np.full((200, 200, 3), (0, 200, 0), np.uint8))])[0]
    assert green.missing["look.cct"].status == "abstained"


def test_faults_move_their_own_metric():
    clean = scene(400, 500)
    blown = np.clip(clean.astype(int) + 120, 0, 255).astype(np.uint8)
    tiled = clean.copy()
    rng = np.random.default_rng(3)
    tiled[:384, :448] = np.tile(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8), (6, 7, 1))
    plain, bright, repeated = (
        r.values for r in Look().score([picture(p) for p in (clean, blown, tiled)])
    )
    assert bright["look.clipped"] > 0.1 > plain["look.clipped"]
    assert repeated["look.repeats"] > 0.1 > plain["look.repeats"]
    warm = clean.astype(int) + np.array([20, 0, -20])
    warmer = Look().score([picture(np.clip(warm, 0, 255).astype(np.uint8))])[0].values
    assert warmer["look.cast_b"] > plain["look.cast_b"]
    assert warmer["look.cct"] < plain["look.cct"]


def test_evidence_shows_the_pairs():
    rng = np.random.default_rng(1)
    tiles = np.tile(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8), (5, 5, 1))
    evidence = Look().score([picture(tiles)])[0].evidence
    assert evidence["repeats"]["pairs"]
    assert all(len(pair) == 4 for pair in evidence["repeats"]["pairs"])
    assert evidence["grid"]["period"] in (8, 16)


def test_load_asks_for_its_packages(monkeypatch):
    from iqmetrics.errors import Unavailable

    monkeypatch.setattr("iqmetrics.scorers.look.find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="look needs"):
        Look().load("cpu")
