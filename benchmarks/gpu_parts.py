"""What each scorer costs on a GPU: by the clock, on the CPU, and as kernels; where the rest goes.

All scorers see the same batch one after another, as in a run, so that what one keeps for another
(faces for grain) counts where it is asked for first.
"""

import cProfile
import io
import pstats
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.scorers import base

Figures = dict[str, float | int | str]
WARM = 3
"""Rounds before anything is measured: shapes are met, forwards recorded, memory is taken."""


def fresh(pictures: Sequence[Picture]) -> list[Picture]:
    """The same pictures with nothing remembered, in other memory."""
    return [Picture(p.record, np.array(p.pixels), p.flags) for p in pictures]


def measure(
    scorers: Mapping[str, base.Scorer], pictures: Sequence[Picture], device: str
) -> tuple[Figures, Counter[str], str]:
    """Figures an image by scorer, the kernels' milliseconds, and a text that says what they are.

    `gpu_NAME_clock_ms` is by the clock with nothing beside it, `gpu_NAME_cpu_ms` the processor time
    of all threads, `gpu_NAME_kernel_ms` what kernels took (copies to and from the GPU left out).
    """
    count = len(pictures)
    for _ in range(WARM):
        shown = fresh(pictures)
        for scorer in scorers.values():
            scorer.score(shown)
            _wait(device)
    figures: Figures = {}
    shown = fresh(pictures)
    for name, scorer in scorers.items():
        clock, cpu = time.perf_counter(), time.process_time()
        scorer.score(shown)
        _wait(device)
        figures[f"gpu_{name}_clock_ms"] = 1e3 * (time.perf_counter() - clock) / count
        figures[f"gpu_{name}_cpu_ms"] = 1e3 * (time.process_time() - cpu) / count
    told = []
    kernels: Counter[str] = Counter()
    shown = fresh(pictures)
    for name, scorer in scorers.items():
        seconds, table = kernel_seconds(lambda s=scorer: s.score(shown), device)  # type: ignore[misc]
        kernels[name] = 1e3 * seconds / count
        figures[f"gpu_{name}_kernel_ms"] = kernels[name]
        told.append(f"=== {name}\n{table}")
    shown = fresh(pictures)
    for name, scorer in scorers.items():
        profile, out = cProfile.Profile(), io.StringIO()
        profile.runcall(scorer.score, shown)
        pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(18)
        told.append(f"=== {name}\n{out.getvalue()}")
    return figures, kernels, "\n".join(told)


def kernel_seconds(call: Callable[[], Any], device: str) -> tuple[float, str]:
    """Seconds that kernels ran on the GPU during a call, and which; processor time on a CPU."""
    import torch

    if device == "cpu":
        start = time.process_time()
        call()
        return time.process_time() - start, ""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        call()
        torch.cuda.synchronize()
    spent: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for event in profile.events():
        if event.device_type.name == "CUDA":
            spent[event.name] += event.time_range.elapsed_us()
            times[event.name] += 1
    rows = [f"{us / 1e3:9.2f} ms {times[n]:6} x {n[:110]}" for n, us in spent.most_common(14)]
    kernels = sum(us for n, us in spent.items() if not n.startswith(("Memcpy", "Memset")))
    rows.append(f"kernels {kernels / 1e3:.2f} ms, {sum(times.values())} launches")
    return kernels / 1e6, "\n".join(rows)


def _wait(device: str) -> None:
    if device != "cpu":
        import torch

        torch.cuda.synchronize()
