"""How the stroke net's crops are damaged and cut out, with a font that needs no installation."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "training"), str(ROOT / "benchmarks" / "validity")]

import text_render as render  # noqa: E402
import text_samples as samples  # noqa: E402


def inked(text: str, name: str = "", size: int = 40, vertical: bool = False) -> np.ndarray:
    face = ImageFont.load_default(size)
    x0, y0, x1, y1 = (int(v) for v in face.getbbox("OPEN"))
    image = Image.new("L", (x1 - x0 + 4, y1 - y0 + 4))
    ImageDraw.Draw(image).text((2 - x0, 2 - y0), "OPEN", 255, face)
    return np.asarray(image).copy()


@pytest.fixture(autouse=True)
def without_fonts_or_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    photos = tuple(rng.integers(0, 256, (300, 400, 3), np.uint8) for _ in range(6))
    monkeypatch.setattr(render, "mask", inked)
    monkeypatch.setattr(samples, "photographs", lambda: photos)


def test_nothing_of_the_study_is_trained_on() -> None:
    texts = {t.casefold() for t in (*samples.TEXTS_ZH, *samples.TEXTS_LATIN)}
    assert not texts & {t.casefold() for t in render.TEXTS}
    fonts = {Path(f).name for f in (*samples.ZH, *samples.LATIN, *samples.SCRIPT)}
    used = (*render.FONTS_ZH, *render.FONTS_EN, *render.FONTS_SCRIPT)
    assert not fonts & {Path(f).name for f in used}


def test_shares_of_the_kinds_are_a_whole() -> None:
    assert len(samples.SHARES) == len(samples.KINDS)
    assert sum(samples.SHARES) == pytest.approx(1)


@pytest.mark.parametrize("damage", [samples.melted, samples.dropped])
def test_more_damage_is_more_change_and_none_is_none(damage: object) -> None:
    ink = np.pad(inked(""), 8)

    def changed(level: float) -> float:
        out = damage(ink, level, np.random.default_rng(4))  # type: ignore[operator]
        assert out.shape == ink.shape and out.dtype == np.uint8
        return float(np.abs(out.astype(int) - ink).mean())

    assert changed(0.0) < 1
    assert changed(0.0) < changed(0.4) < changed(1.0)


def test_holes_take_ink_and_give_none() -> None:
    ink = np.pad(inked(""), 8)
    out = samples.dropped(ink, 0.8, np.random.default_rng(0))
    assert (out <= ink).all() and out.sum() < 0.9 * ink.sum()


@pytest.mark.parametrize("kind", samples.KINDS)
def test_a_crop_is_the_lettering_and_little_more(kind: str) -> None:
    image = samples.crop(np.random.default_rng(3), kind, 0.3)
    h, w = image.shape[:2]
    assert image.dtype == np.uint8 and image.shape[2] == 3
    assert 12 <= h <= 160 and 1.2 < w / h < 6
    assert image.std() > 2, "something is lettered there"


def test_a_seed_draws_the_same_crop_again() -> None:
    first, again = (samples.drawn(np.random.default_rng(9)) for _ in "ab")
    assert np.array_equal(first[0], again[0]) and first[1:] == again[1:]
    other = samples.drawn(np.random.default_rng(10))
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])


def test_levels_are_none_for_whole_lettering_and_half_of_them_slight() -> None:
    rng = np.random.default_rng(1)
    found = [samples.drawn(rng)[1:] for _ in range(120)]
    assert all((level == 0) == (kind == "none") for level, kind in found)
    damaged = np.array([level for level, kind in found if kind != "none"])
    assert 0.5 < (damaged < 0.35).mean() < 0.85
    assert {kind for _, kind in found} == set(samples.KINDS)


@pytest.mark.parametrize("ground", [20, 240])
def test_ink_stands_out_from_its_ground(ground: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        ink, under = samples.colours(rng, np.full((9, 9, 3), ground, np.uint8))
        assert under == ground and np.abs(ink - ground).min() >= 70


def test_what_is_no_damage_changes_little() -> None:
    sign = np.pad(inked(""), 20)[..., None].repeat(3, 2) // 2 + 60
    rng = np.random.default_rng(2)
    changes = [np.abs(samples._nuisance(sign, rng).astype(int) - sign).mean() for _ in range(30)]
    assert max(changes) < 8 and min(changes) == 0


def test_a_background_fills_the_frame() -> None:
    rng = np.random.default_rng(0)
    for size in ((30, 20), (500, 90), (64, 64)):
        ground = samples.background(rng, *size)
        assert ground.shape == (size[1], size[0], 3) and ground.dtype == np.uint8
