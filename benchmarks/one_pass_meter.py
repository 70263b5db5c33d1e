"""What a call costs: wall time, processor time and peak memory of this process and its children."""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iqmetrics.meter import Watch


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, seconds of processor time (ended children too), peak MB of the tree."""

    wall: float
    cpu: float
    mb: float


def measured(call: Callable[[], Any]) -> tuple[Cost, Any]:
    """The cost and the answer of a call that leaves no child behind."""
    with Watch(tree_mb, every_s=0.2) as watch:
        start, before = time.perf_counter(), processor_s()
        answer = call()
        cost = time.perf_counter() - start, processor_s() - before
    return Cost(*cost, watch.high or 0.0), answer


def processor_s() -> float:
    """Seconds of processor time of this process, its threads and its ended children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, _CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


_CHILDREN = resource.RUSAGE_CHILDREN


def tree_mb() -> float:
    """Proportional set size (shared pages counted once) of this process and its descendants, MB."""
    return sum(_pss_kb(pid) for pid in _tree()) / 1024


def _tree() -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(stat.parent.name)] = int(after_name[1])
    found, added = {os.getpid()}, True
    while added:
        new = {pid for pid, parent in parents.items() if parent in found} - found
        found, added = found | new, bool(new)
    return found


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
