"""What a diffusers call costs: when its steps ended, and the GPU memory it took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from iqmetrics.meter import GIB, Watch


class Clock:
    """When each denoising step ended; on a GPU it waits for it, if timing was asked for."""

    def __init__(self, measuring: bool) -> None:
        self.measuring = measuring
        self.began = self.ended = 0.0
        self.steps: list[float] = []

    def start(self) -> None:
        """The call begins."""
        self._wait()
        self.began = perf_counter()

    def step(self, _pipe: Any, _number: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
        """One step is done: the callback of diffusers."""
        self._wait()
        self.steps.append(perf_counter())
        return kept

    def end(self) -> None:
        """The call is over."""
        self._wait()
        self.ended = perf_counter()

    def _wait(self) -> None:
        if self.measuring:
            import torch

            if torch.cuda.is_available():
                torch.cuda.synchronize()

    def counted(self) -> dict[str, Any]:
        """Executed steps, if they could be counted."""
        return {"steps_executed": len(self.steps)} if self.steps else {}

    def telemetry(self) -> dict[str, Any]:
        """Seconds from the call to the first step, a step, the decoding, the whole."""
        told = self.counted()
        if not self.measuring:
            return told
        told["latency_s"] = self.ended - self.began
        if self.steps:
            told["first_step_s"] = self.steps[0] - self.began
            told["decode_s"] = self.ended - self.steps[-1]
        if len(self.steps) > 1:
            told["step_s"] = (self.steps[-1] - self.steps[0]) / (len(self.steps) - 1)
        return told


@contextmanager
def memory(measuring: bool) -> Iterator[dict[str, float]]:
    """GPU memory while the block runs: allocated and reserved by torch, in use on the device."""
    import torch

    used: dict[str, float] = {}
    if not measuring or not torch.cuda.is_available():
        yield used
        return
    torch.cuda.reset_peak_memory_stats()
    with Watch(_device_gb(torch.cuda.mem_get_info)) as device:
        yield used
    used["vram_allocated_gb"] = torch.cuda.max_memory_allocated() / GIB
    used["vram_reserved_gb"] = torch.cuda.max_memory_reserved() / GIB
    if device.low is not None and device.high is not None:
        used["vram_device_min_gb"], used["vram_device_max_gb"] = device.low, device.high


def _device_gb(mem_get_info: Callable[[], tuple[int, int]]) -> Callable[[], float]:
    def read() -> float:
        free, total = mem_get_info()
        return (total - free) / GIB

    return read
