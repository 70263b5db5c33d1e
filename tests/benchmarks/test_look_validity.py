"""The ladders of the validity study of look: what is done to a photograph, and what is counted."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

FILE = Path(__file__).parents[2] / "benchmarks" / "validity" / "look.py"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validity_look", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def photo() -> np.ndarray:
    """Texture of its own everywhere, 240 x 320, no pixel blown or black."""
    rng = np.random.default_rng(0)
    small = rng.integers(40, 200, (60, 80, 3), dtype=np.uint8)
    large = Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(large), 10, 230)


def test_an_auc_counts_what_is_missing_as_half(study: ModuleType) -> None:
    assert study.auc([0.0, 0.1], [0.2, 0.3]) == 1
    assert study.auc([0.0, 0.0], [0.0, 1.0]) == 0.75
    assert study.auc([None], [1.0]) == 0.5


def test_blown_and_blackened_pictures_have_the_share_asked_for(
    study: ModuleType, photo: np.ndarray
) -> None:
    assert (study.blown(photo).min(-1) >= 254).mean() == pytest.approx(0.05, abs=0.02)
    assert (study.blackened(photo).max(-1) <= 2).mean() == pytest.approx(0.05, abs=0.02)


def test_the_busiest_patch_has_the_most_in_it(study: ModuleType) -> None:
    pixels = np.full((200, 200, 3), 90, np.uint8)
    pixels[:, 100:] = np.random.default_rng(1).integers(0, 255, (200, 100, 3))
    found = [study.busiest(pixels, 40, np.random.default_rng(i)).std() for i in range(5)]
    assert min(found) > 20


def test_tiles_cover_about_a_third_with_one_patch(study: ModuleType, photo: np.ndarray) -> None:
    made = study.tiled(photo, np.random.default_rng(2))
    changed = (made != photo).any(-1)
    assert 0.3 < changed.mean() <= 0.37
    y, x = np.nonzero(changed)
    inside = made[y.min() : y.max() + 1, x.min() : x.max() + 1].astype(int)
    assert np.abs(inside[64:] - inside[:-64]).max() == 0, "every 64 pixels the same"


def test_stamps_are_soft_and_twelve(study: ModuleType, photo: np.ndarray, monkeypatch) -> None:
    cuts = []
    kept = study.busiest

    def busiest(pixels: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
        cuts.append(side)
        return kept(pixels, side, rng)

    monkeypatch.setattr(study, "busiest", busiest)
    big = np.tile(photo, (3, 3, 1))
    made = study.stamped(big, np.random.default_rng(3))
    assert cuts == [72], "one patch, stamped many times"
    assert made.shape == big.shape and made.dtype == np.uint8
    share = (made != big).any(-1).mean()
    one = 3.14159 * (0.8 * 36) ** 2 / (big.shape[0] * big.shape[1])
    assert 6 * one < share < 12 * 72 * 72 / (big.shape[0] * big.shape[1])


@pytest.mark.parametrize("kind", range(6))
def test_a_lattice_has_its_period_and_amplitude(study: ModuleType, kind: int) -> None:
    plain = np.full((160, 160, 3), 100, np.uint8)
    made = study.latticed(plain, kind, np.random.default_rng(kind)).astype(int) - 100
    period = (8, 16)[kind % 2]
    assert np.abs(made).max() == 2
    assert (made[period:] == made[:-period]).all() and (made[:, period:] == made[:, :-period]).all()
    assert (made[1:] != made[:-1]).any()


def test_the_copies_part_tells_copies_from_walls(study: ModuleType, photo: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    scenes = []
    for _ in range(3):
        small = Image.fromarray(rng.integers(0, 255, (90, 120, 3), dtype=np.uint8))
        scenes.append(np.asarray(small.resize((480, 360), Image.Resampling.BICUBIC)))
    found = study.copies_part(scenes, [photo])
    assert found["repeats_tiled_auc"] == found["repeats_stamped_auc"] == 1
    assert found["repeats_clean_false"] == found["repeats_false"] == 0
    assert (found["look_scenes"], found["regular_pictures"]) == (3, 1)
    assert "repeats_false" not in study.copies_part(scenes[:1], [])


def test_the_tone_part_on_a_few_pictures(study: ModuleType) -> None:
    y, x = np.mgrid[0:240, 0:320]
    scenes = []
    for i in range(3):
        edges = 90 + 60 * ((x // 40 + y // 30 + i) % 2)
        scenes.append(np.repeat(edges[..., None], 3, 2).astype(np.uint8))
    found = study.tone_part(scenes)
    assert found["cast_ordering"] == 1
    assert found["blur_12_auc"] == found["blur_12_paired"] == found["blur_answered"] == 1
    assert found["clipped_scenes"] == found["crushed_scenes"] == found["look_scenes"] == 3


def test_folders_are_read_in_order_and_cut_short(study: ModuleType, tmp_path: Path) -> None:
    for name, level in (("b.png", 20), ("a.jpg", 10), ("c.txt", 0), ("c.png", 30)):
        if name.endswith("txt"):
            (tmp_path / name).write_text("not a picture")
        else:
            Image.new("RGB", (8, 8), (level,) * 3).save(tmp_path / name)
    assert [p[0, 0, 0] for p in study.pictures(tmp_path, None)] == [10, 20, 30]
    assert len(study.pictures(tmp_path, 2)) == 2
    assert study.pictures(None, None) == []


def test_it_writes_figures_and_notes(
    study: ModuleType, photo: np.ndarray, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "scenes").mkdir()
    Image.fromarray(photo).save(tmp_path / "scenes" / "a.png")
    out = tmp_path / "look.json"
    asked = ["look.py", "--scenes", str(tmp_path / "scenes"), "--part", "copies"]
    monkeypatch.setattr(sys, "argv", [*asked, "--json", str(out)])
    study.main()
    written = json.loads(out.read_text())
    assert written["look_scenes"] == 1
    assert 0 <= written["grid_auc"] <= 1
    assert "repeats_tiled_auc" in written["notes"]
