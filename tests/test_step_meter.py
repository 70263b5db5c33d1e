"""Seconds of a call and of its steps; three memory figures that stay apart."""

import pytest

torch = pytest.importorskip("torch")

from iqmetrics import step_meter  # noqa: E402
from iqmetrics.step_meter import Clock, memory  # noqa: E402


def walked(monkeypatch: pytest.MonkeyPatch, measuring: bool, *seconds: float) -> Clock:
    """A clock that was asked at these times: start, each step, end."""
    times = iter(seconds)
    monkeypatch.setattr(step_meter, "perf_counter", lambda: next(times))
    clock = Clock(measuring)
    clock.start()
    for number in range(len(seconds) - 2):
        assert clock.step(None, number, None, {"latents": 1}) == {"latents": 1}
    clock.end()
    return clock


def test_a_call_is_taken_apart_into_first_step_steps_and_decoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = walked(monkeypatch, True, 10.0, 13.0, 14.0, 16.0, 20.0).telemetry()
    assert told == {
        "steps_executed": 3,
        "latency_s": 10.0,
        "first_step_s": 3.0,
        "step_s": 1.5,
        "decode_s": 4.0,
    }


def test_one_step_has_no_time_between_steps_and_none_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "step_s" not in walked(monkeypatch, True, 0.0, 2.0, 3.0).telemetry()
    assert walked(monkeypatch, True, 0.0, 3.0).telemetry() == {"latency_s": 3.0}


def test_without_measuring_only_steps_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert walked(monkeypatch, False, 0.0, 1.0, 2.0).telemetry() == {"steps_executed": 1}
    with memory(measuring=False) as used:
        pass
    assert used == {}


def test_three_memory_numbers_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    gib = 2**30
    free = iter([20 * gib, 10 * gib])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * gib)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda: 4 * gib)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (next(free, 12 * gib), 24 * gib))
    with memory(measuring=True) as used:
        pass
    assert used["vram_allocated_gb"] == 3 and used["vram_reserved_gb"] == 4
    assert (used["vram_device_min_gb"], used["vram_device_max_gb"]) == (4, 14)
