"""How training pictures of `grain` are made, on a small scene, and a fit of a few steps."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import grain as training

from iqmetrics.nets.grain import synthesis, trust
from iqmetrics.nets.grain.bands import FEATURES


@pytest.fixture
def clean() -> np.ndarray:
    y, x = np.mgrid[0:240, 0:300]
    scene = 120 + 60 * np.sin(x / 60) * np.cos(y / 45)
    return np.rint(scene).astype(np.uint8)[..., None].repeat(3, 2)


def grainy(clean: np.ndarray, sigma: float = 6) -> synthesis.Grainy:
    even = np.ones(clean.shape[:2], np.float32)
    return synthesis.add_grain(clean, "white", sigma, even, np.random.default_rng(0))


def test_truth_is_the_log_strength_of_every_tile() -> None:
    noise = np.random.default_rng(0).normal(0, 5, (240, 300)).astype(np.float32)
    assert training.truth(noise, (240, 300)) == pytest.approx(np.log(5), abs=0.1)
    assert training.truth(0 * noise, (240, 300)).max() < -1.5, "no grain has a floor, not -inf"


def test_degraded_pictures_keep_the_truth(clean: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    big = np.kron(clean, np.ones((2, 2, 1), np.uint8))
    made = grainy(big)
    pressed, noise = training.degrade(made.pixels, big, made.luma_noise, 0.1, rng)
    assert pressed.shape == big.shape and (noise == made.luma_noise).all()
    small, noise = training.degrade(made.pixels, big, made.luma_noise, 0.4, rng)
    assert small.shape == clean.shape
    assert noise.std() == pytest.approx(3, rel=0.1), "the mean of four"


def test_a_scene_gives_features_with_truth(clean: np.ndarray, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training, "RUNS", 3)
    big = np.kron(clean, np.ones((2, 2, 1), np.uint8))
    Image.fromarray(big).save(tmp_path / "a.png")
    made = training.one_scene((4, tmp_path / "a.png"))
    assert [number for number, *_ in made] == [4, 4, 4]
    for _, features, truth, _ in made:
        assert features.shape == (*truth.shape, len(FEATURES))
        assert np.isfinite(features).all() and np.isfinite(truth).all()
    assert np.isnan(made[0][3]), "every ninth run has no grain"


def test_a_fit_learns(tmp_path, capsys) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (60, 16, len(FEATURES)))
    y = 0.5 * x[..., 0] + 0.7
    run = {
        "x": x.reshape(-1, len(FEATURES)).astype(np.float16),
        "y": y.reshape(-1).astype(np.float32),
        "scene": np.arange(60) % 18,
        "shape": np.full((60, 2), 4),
        "size": np.full(60, 0.3, np.float32),
    }
    np.savez(tmp_path / "run.npz", **run)
    training.fit(tmp_path / "run.npz", tmp_path / "net.npz", epochs=24)
    losses = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert losses[-1] < losses[0] - 0.5
    with np.load(tmp_path / "net.npz") as file:
        given = {key: torch.from_numpy(file[key]) for key in trust.SHAPES}
    strength, _, _ = trust.judge(torch.tensor(x[:8].reshape(8, 4, 4, -1)).float(), given)
    assert np.abs(strength.numpy().reshape(8, 16) - y[:8]).mean() < 0.35
