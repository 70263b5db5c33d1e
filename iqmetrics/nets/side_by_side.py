"""The same work on many pictures at once, in threads: for numpy and OpenCV, which let others run.

One thread (so: a plain loop) where OMP_NUM_THREADS says so or the machine has one core.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import current_thread
from typing import TypeVar

from iqmetrics.nets import sessions

S = TypeVar("S")
T = TypeVar("T")

NAME = "iqm-side"
MOST_THREADS = 8
"""More threads wait for each other's Python more than they cut and warp."""


def threads() -> int:
    """Threads to use: as many as one net alone may have, at most `MOST_THREADS`."""
    return min(MOST_THREADS, sessions.threads())


def each(make: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """`make` of every item, in order; what it raises is raised here. Within another: a loop."""
    count = threads()
    if count == 1 or len(items) < 2 or current_thread().name.startswith(NAME):
        return [make(item) for item in items]
    return list(_pool(count).map(make, items))


@cache
def _pool(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix=NAME)
