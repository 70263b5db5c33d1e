"""The same work on many pictures at once, in threads: for code that lets others run meanwhile.

One thread (so: a plain loop) where OMP_NUM_THREADS says so, the machine has one core, or threads
that score fill the cores.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import current_thread
from typing import TypeVar

from iqmetrics.nets import sessions

S = TypeVar("S")
T = TypeVar("T")

NAME = "iqm-side"
_askers = 1
"""Threads that may ask at the same time."""
MOST_THREADS = 8
"""More threads wait for each other's Python more than they cut and warp."""


def threads() -> int:
    """Threads to use: as many as one net alone may have, at most `MOST_THREADS`."""
    return min(MOST_THREADS, sessions.threads())


def each(make: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """`make` of every item, in order; what it raises is raised here. Within another: a loop."""
    count = threads()
    filled = count < 2 * _askers
    if filled or len(items) < 2 or current_thread().name.startswith(NAME):
        return [make(item) for item in items]
    return list(_pool(count).map(make, items))


@contextmanager
def among(askers: int) -> Iterator[None]:
    """While so many threads ask, each loops by itself unless there are two cores for each."""
    global _askers
    before, _askers = _askers, askers
    try:
        yield
    finally:
        _askers = before


@cache
def _pool(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix=NAME)
