"""Who judges where."""

import numpy as np
import pytest
from naturalness_pictures import picture

from iqmetrics.nets.naturalness import cpu, cuda, devices


def test_the_cpu_judges_one_by_one_and_the_gpu_in_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    pictures = [picture(np.full((2, 2, 3), k, np.uint8)) for k in range(20)]
    monkeypatch.setattr(cuda, "each", lambda pictures, batch, device: [device] * len(pictures))
    one = devices.each(pictures, lambda p: int(p.pixels[0, 0, 0]), lambda rgb: [], "cpu")
    assert one == list(range(20))
    assert devices.each(pictures, lambda p: "", lambda rgb: [], "cuda:0") == ["cuda:0"] * 20


def test_ready_asks_only_for_what_the_device_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(cpu, "ready", lambda: asked.append("cpu"))
    monkeypatch.setattr(cuda, "check", lambda: asked.append("cuda"))
    devices.ready("cpu")
    devices.ready("cuda")
    assert asked == ["cpu", "cuda"]
