"""The stroke net's training on a few drawn crops: what it writes can be used, and is repeatable."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from lettering import drawn

from iqmetrics.nets.text import strokes

pytest.importorskip("torch")
FILE = Path(__file__).parents[2] / "training" / "text.py"
PIECES, HELD_BACK = 12, 24


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a smaller dictionary and net and fewer rounds."""
    spec = importlib.util.spec_from_file_location("training_of_text", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    small = {"PIECES": PIECES, "HELD_BACK": HELD_BACK, "HIDDEN": 8, "EPOCHS": 12, "BATCH": 8}
    for name, value in small.items():
        monkeypatch.setattr(module, name, value)
    return module


def softened(text: str, level: float) -> np.ndarray:
    sign = drawn({(8, 4): text}, width=40 + 26 * len(text), height=56)
    return cv2.GaussianBlur(sign, (0, 0), 0.01 + 5 * level) if level else sign


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Crops from whole to wholly blurred, in the form that `text_samples.py` writes."""
    words = ("OPEN", "Sale", "Room 7", "EXIT", "Bakery", "WELCOME")
    levels = np.tile([0.0, 0.15, 0.25, 0.6, 1.0], 18)
    kinds = np.where(levels == 0, "none", np.where(levels < 0.3, "melt", "blur"))
    crops = [softened(words[i % 6], level) for i, level in enumerate(levels)]
    pixels = [strokes.grey(c) for c in crops]
    path = tmp_path / "samples.npz"
    np.savez_compressed(
        path,
        pixels=np.concatenate(pixels, 1),
        widths=[p.shape[1] for p in pixels],
        rows=[c.shape[0] for c in crops],
        damage=levels,
        kinds=kinds,
    )
    return path


def run(training: ModuleType, samples: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(sys, "argv", ["text.py", str(samples), str(out)])
    training.main()
    return out.read_bytes()


def test_the_script_writes_a_net_that_tells_blurred_from_whole(
    training: ModuleType, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(training, samples, tmp_path / "net.npz", monkeypatch)
    with np.load(tmp_path / "net.npz") as file:
        held = {name: file[name].astype(np.float32) for name in file.files}
    shipped = Path(strokes.__file__).with_name("strokes.npz")
    with np.load(shipped) as file:
        assert set(held) == set(file.files), "the names that the scorer opens"
    scales = [strokes.Scale(w, p) for w, p in zip(held["whitening"], held["pieces"], strict=True)]
    names = ("mean", "spread", "hidden", "hidden_bias", "last", "last_bias")
    layers = [held[name] for name in names]

    def unsound(level: float) -> float:
        crop = softened("GARDEN", level)
        told = strokes.features(strokes.grey(crop), crop.shape[0], scales)
        return strokes._answer(told, layers)

    assert unsound(0.0) < unsound(0.5) < unsound(1.0)


def test_the_same_samples_give_the_same_bytes(
    training: ModuleType, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(training, samples, tmp_path / "a.npz", monkeypatch)
    assert run(training, samples, tmp_path / "b.npz", monkeypatch) == first


def test_the_dictionary_is_of_unit_length_and_whitens(training: ModuleType) -> None:
    rng = np.random.default_rng(0)
    images = [strokes.sizes(strokes.grey(softened(t, 0.0)))[0] for t in ("OPEN", "Sale", "Room 7")]
    scale = training.learnt_scale(images, rng)
    side = strokes.PATCH**2
    assert scale.whitening.shape == (side, side) and scale.pieces.shape == (PIECES, side)
    assert np.linalg.norm(scale.pieces, axis=1) == pytest.approx(np.ones(PIECES), abs=1e-4)
    assert scale.whitening == pytest.approx(scale.whitening.T, abs=1e-3)


def test_the_report_knows_a_perfect_judge(
    training: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    damage = np.array([0.0, 0.0, 0.2, 0.25, 0.6, 0.9])
    kinds = np.array(["none", "none", "melt", "melt", "blur", "blur"])
    training.report(damage, damage, kinds)
    training.report(1 - damage, damage, kinds)
    best, worst = capsys.readouterr().out.split("rho")[1:]
    assert best.startswith(" 1.0 slight melt AUC 1.0") or "AUC 1.0" in best
    assert "AUC 0.0" in worst
