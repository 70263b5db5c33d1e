import numpy as np
import pytest
import torch
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from iqmetrics.nets import frechet


class Given(torch.nn.Module):
    """A "net" whose features are the pictures: torchmetrics sees exactly our vectors."""

    num_features = 16

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, :16].double()


def two_sets(n: int = 90, m: int = 70) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(4)
    a = draw.normal(1, 1, (n, 16)) @ draw.normal(0, 1, (16, 16))
    return a.astype(np.float32), draw.normal(0.5, 2, (m, 16)).astype(np.float32)


def as_images(features: np.ndarray) -> torch.Tensor:
    return torch.tensor(features).reshape(len(features), 1, 4, 4)


def test_fid_is_that_of_torchmetrics() -> None:
    a, b = two_sets()
    metric = FrechetInceptionDistance(feature=Given(), input_img_size=(1, 4, 4))
    metric.set_dtype(torch.float64)
    metric.update(as_images(a), real=False)
    metric.update(as_images(b), real=True)
    assert frechet.frechet(a, b) == pytest.approx(float(metric.compute()), rel=1e-6)


def test_kid_is_that_of_torchmetrics_over_all_vectors() -> None:
    a, b = two_sets(80, 80)
    metric = KernelInceptionDistance(feature=Given(), subsets=1, subset_size=80)
    metric.update(as_images(a), real=False)
    metric.update(as_images(b), real=True)
    wanted = float(metric.compute()[0])
    assert frechet.kernel_distance(a, b) == pytest.approx(wanted, rel=1e-4)


def test_known_answers() -> None:
    draw = np.random.default_rng(0)
    a = draw.normal(0, 1, (500, 8))
    assert frechet.frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet.frechet(a, a + 3) == pytest.approx(8 * 9)
    center = a.mean(0)
    spread = float(np.trace(np.cov(a, rowvar=False)))
    assert frechet.frechet(a, center + 2 * (a - center)) == pytest.approx(spread)


def test_kid_by_hand() -> None:
    a, b = np.array([[1.0], [2.0]]), np.array([[0.0], [1.0], [3.0]])
    k = lambda x, y: (x * y + 1) ** 3  # noqa: E731
    within_a = k(1, 2)
    within_b = (k(0, 1) + k(0, 3) + k(1, 3)) / 3
    between = sum(k(x, y) for x in (1, 2) for y in (0, 1, 3)) / 6
    wanted = within_a + within_b - 2 * between
    assert frechet.kernel_distance(a, b) == pytest.approx(wanted)


def test_kid_has_no_bias() -> None:
    draw = np.random.default_rng(1)
    found = [
        frechet.kernel_distance(draw.normal(0, 1, (40, 8)), draw.normal(0, 1, (30, 8)))
        for _ in range(200)
    ]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = two_sets()
    whole = frechet.kernel_distance(a, b)
    monkeypatch.setattr(frechet, "ROWS", 7)
    assert frechet.kernel_distance(a, b) == pytest.approx(whole, rel=1e-12)
