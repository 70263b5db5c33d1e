"""The same work on many pictures at once, in threads: for numpy and OpenCV, which let others run.

One thread (so: a plain loop) where OMP_NUM_THREADS says so or the machine has one core.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import current_thread
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")

NAME = "iqm-side"
MOST_THREADS = 8
"""More threads wait for each other's Python more than they cut and warp."""


def threads() -> int:
    """Threads to use: OMP_NUM_THREADS where it is set, else every core; at most `MOST_THREADS`."""
    return min(MOST_THREADS, int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1)


def each(make: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """`make` of every item, in order; what it raises is raised here. Within another: a loop."""
    count = threads()
    if count == 1 or len(items) < 2 or current_thread().name.startswith(NAME):
        return [make(item) for item in items]
    return list(_pool(count).map(make, items))


@cache
def _pool(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix=NAME)
