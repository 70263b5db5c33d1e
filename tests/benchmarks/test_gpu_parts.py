import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord, Reading

FILE = Path(__file__).parents[2] / "benchmarks" / "gpu_parts.py"


@pytest.fixture
def gpu_parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("gpu_parts", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gpu_parts", module)
    spec.loader.exec_module(module)
    return module


class Slow:
    """Computes once a picture; whoever comes second finds it done."""

    def __init__(self, seen: list[int]) -> None:
        self.seen = seen

    def score(self, pictures: list[Picture]) -> list[Reading]:
        self.seen += [p.once("work", lambda _: len(self.seen)) for p in pictures]
        for picture in pictures:
            picture.once("heavy", lambda p: np.linalg.svd(p.pixels[..., 0].astype(float)))
        return [Reading({"x": 1.0}) for _ in pictures]


def test_what_is_kept_for_another_counts_where_it_is_asked_for_first(gpu_parts: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    shown = [Picture(ImageRecord("a", ""), pixels)]
    figures, kernels, told = gpu_parts.measure({"one": Slow([]), "two": Slow([])}, shown, "cpu")
    assert figures["gpu_one_clock_ms"] > 5 * figures["gpu_two_clock_ms"] > 0
    assert set(kernels) == {"one", "two"} and figures["gpu_one_kernel_ms"] == kernels["one"]
    assert "=== two" in told and not shown[0]._memo


def test_fresh_pictures_share_nothing(gpu_parts: Any) -> None:
    shown = [Picture(ImageRecord("a", ""), np.zeros((2, 2, 3), np.uint8), ("alpha",))]
    shown[0].once("x", lambda _: 1)
    (other,) = gpu_parts.fresh(shown)
    assert other.once("x", lambda _: 2) == 2 and other.flags == ("alpha",)
    assert not np.shares_memory(other.pixels, shown[0].pixels)
