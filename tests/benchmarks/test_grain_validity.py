"""The figures of the validity study of grain."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "validity" / "grain.py"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validity_grain", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_equal_values_share_their_rank(study: ModuleType) -> None:
    assert study.rank(np.array([5.0, 1.0, 9.0])).tolist() == [1, 0, 2]
    assert study.rank(np.array([1.0, 1.0, 0.5, 1.0])).tolist() == [2, 2, 0, 2]


def test_rank_is_that_of_scipy(study: ModuleType) -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 60), rng.normal(0, 1, 60)
    assert study.correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_an_abstention_is_a_coin_toss(study: ModuleType) -> None:
    assert study.auc([0.1, 0.2], [0.8, 0.9]) == 1
    assert study.auc([0.1, None], [0.8, 0.9]) == 0.75
    assert study.auc([0.5], [0.5]) == 0.5


def test_halves_are_fixed_by_name_and_about_equal(study: ModuleType) -> None:
    halves = [study.half_of(f"p{i:03d}.png") for i in range(200)]
    assert halves == [study.half_of(f"p{i:03d}.png") for i in range(200)]
    assert 80 < halves.count("held") < 120


def test_the_naive_measure_calls_even_noise_even(study: ModuleType) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 5, (160, 160, 1)).repeat(3, 2)
    uneven = noise.copy()
    uneven[:80] *= 0.2
    assert study.naive(128 + noise) > study.naive(128 + uneven)


def test_correlation_minds_the_weights(study: ModuleType) -> None:
    a, b = np.array([0.0, 1.0, 5.0]), np.array([0.0, 1.0, -5.0])
    assert study.weighted_corr(a, b, np.array([1.0, 1.0, 0.0])) == pytest.approx(1)
    assert study.weighted_corr(a, b, np.ones(3)) < 0


def scene(seed: int = 0, side: int = 260) -> np.ndarray:
    """Smooth shapes and a corner of texture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side]
    base = 120 + 60 * np.sin(x / 50 + seed) * np.cos(y / 40)
    base[:60, :60] += 30 * (rng.random((60, 60)) > 0.5)
    return np.clip(base, 5, 250).astype(np.uint8)[..., None].repeat(3, 2)


def test_tiles_are_means_of_the_grid(study: ModuleType) -> None:
    from iqmetrics.nets.grain.bands import grid_of

    plane = np.arange(300.0)[:, None].repeat(260, 1)
    found, grid = study.tiles(plane), grid_of(300, 260)
    assert found.shape == (grid.rows, grid.columns)
    assert found[0, 0] == grid.top + (grid.side - 1) / 2
    assert found[1, 0] - found[0, 0] == grid.side


def test_jpeg_changes_the_picture_and_keeps_its_shape(study: ModuleType) -> None:
    pixels = scene()
    pressed = study.jpeg(pixels, 75)
    assert pressed.shape == pixels.shape and (pressed != pixels).any()
    assert np.abs(pressed.astype(int) - pixels).mean() < 8


def test_a_study_keeps_what_was_said_and_abstentions(study: ModuleType) -> None:
    seen = study.Study()
    seen.see("small", np.zeros((100, 100, 3), np.uint8))
    reading = seen.see("even", study.synthesis.add_grain(*even_grain(study)).pixels)
    assert seen.said["small"] == [None]
    assert seen.said["even"] == [reading.values["grain.uniformity"]]
    seen.note("x", np.float32(2))
    assert seen.other == {"x": [2.0]}


def even_grain(study: ModuleType) -> tuple:
    clean = scene(1)
    return clean, "white", 5, np.ones(clean.shape[:2], np.float32), np.random.default_rng(0)


def test_a_scene_goes_through_every_condition(study: ModuleType) -> None:
    rng = np.random.default_rng(0)
    bank = {kind: [study.synthesis.textures(kind, 280, 4, rng)] for kind in study.synthesis.KINDS}
    seen = study.Study()
    study.one_scene(seen, scene(2), 0, bank, held=True)
    for name in ("clean", "half", "jpeg_even", "jpeg_uneven", "small_even", "small_uneven"):
        assert len(seen.said[name]) == 1
    for sigma in (2, 4, 8):
        assert len(seen.said[f"even_{sigma}"]) == len(seen.said[f"uneven_{sigma}"]) == 1
    smoothed = [seen.said.get(f"uneven_{name}", []) for name in study.SMOOTHED]
    assert sum(map(len, smoothed)) == 3
    assert set(seen.other["even_held"]) == {1.0}
    assert np.median(seen.other["strength_error"]) < 0.3
    again = study.Study()
    study.one_scene(again, scene(2), 0, bank, held=True)
    assert again.said == seen.said, "the same pictures every time"


def test_scans_are_compared_with_their_smoothed_twins(study: ModuleType, tmp_path: Path) -> None:
    from PIL import Image

    for i in range(2):
        clean = scene(i, 420)
        even = np.ones(clean.shape[:2], np.float32)
        made = study.synthesis.add_grain(clean, "film", 5, even, np.random.default_rng(i))
        Image.fromarray(made.pixels).save(tmp_path / f"film_{i}.png")
    seen = study.Study()
    study.scans(seen, tmp_path)
    found = study.figures(seen)
    assert found["scans"] == 2 and isinstance(found["scans"], int)
    assert found["auc_real_scans"] == found["scans_paired"] == found["scans_answered"] == 1
    assert "scenes" not in found, "only what was measured"


def test_scene_figures_are_aucs_of_their_conditions(study: ModuleType) -> None:
    said: dict[str, list] = {"clean": [None, 0.9], "half": [0.4, 0.5]}
    for sigma in (2, 4, 8):
        said[f"even_{sigma}"], said[f"uneven_{sigma}"] = [0.9, 0.8], [0.3, 0.2]
    for kind in study.synthesis.KINDS:
        said[f"even_{kind}"], said[f"uneven_{kind}"] = [0.9], [0.9]
    said |= {f"uneven_{name}": [0.2] for name in study.SMOOTHED}
    for pair in ("jpeg", "small"):
        said[f"{pair}_even"], said[f"{pair}_uneven"] = [0.9], [None]
    other = {
        "naive_even": [-0.5], "naive_uneven": [-0.4], "field_corr": [0.9, 0.8, 0.7],
        "strength_error": [0.01, 0.03, 0.02], "size_error": [0.1], "even_u": [0.9, 0.8, 0.7],
        "texture": [1.0, 2.0, 3.0], "even_held": [1.0, 0.0, 1.0],
    }  # fmt: skip
    other |= {f"strength_error_{kind}": [0.02] for kind in study.synthesis.KINDS}
    found = study.scene_figures(said, {key: np.array(value) for key, value in other.items()})
    assert found["auc_ratio_03"] == found["auc_ratio_05"] == 1
    assert found["auc_ratio_03_white"] == found["auc_jpeg75"] == found["auc_half_size"] == 0.5
    assert found["auc_naive"] == 0, "the naive measure calls the uneven one even"
    assert found["clean_says_none"] == 0.5 and found["grain_answered"] == 1
    assert found["field_corr"] == 0.8 and found["strength_error"] == 0.02
    assert found["texture_rho_abs"] == pytest.approx(1)
