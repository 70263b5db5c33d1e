"""The threads that score: several batches at once, a scorer that must not be shared one at a time.

Compiled code (nets, OpenCV, numba) lets go of Python's lock, so threads fill the cores without a
copy of the weights for each.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from threading import Event, Lock

from iqmetrics.images import Picture
from iqmetrics.nets.side_by_side import among
from iqmetrics.scorers.base import Scorer, is_concurrent

MOST = {"cpu": 4, "cuda": 2}
"""Threads at most, by device: each holds a batch and what its nets keep of it. With a GPU one works
while the other waits for it; more cores are used by processes there (`pipeline.shards`)."""

TURN = 0.0005
"""Seconds that a thread keeps Python's lock while others want it. With two threads that are busy in
Python a picture of 256 x 256 took 20 ms to be decoded and taken at Python's 5 ms, 4 ms at this."""

Batch = Sequence[Picture]


def threads(device: str) -> int:
    """How many threads score: one a core, `MOST` at most."""
    return min(MOST[device], cores())


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


class Crew:
    """Threads that share loaded scorers.

    Args:
        count: threads; 1 scores in the calling thread.
        scorers: loaded scorers by name.
    """

    def __init__(self, count: int, scorers: Mapping[str, Scorer]) -> None:
        self.count = count
        self._scorers = scorers
        self._locks = {n: Lock() for n, s in scorers.items() if not is_concurrent(s)}
        self._stopped = Event()

    def scorers(self) -> Iterator[tuple[str, Scorer]]:
        """Name and scorer in turn, each held for this thread until the next one is asked for.

        Ends early when the run is stopped.
        """
        for name, scorer in self._scorers.items():
            with self._locks.get(name, nullcontext()):
                if self._stopped.is_set():
                    return
                yield name, scorer

    def ahead(
        self, batches: Iterable[Batch], score: Callable[[Batch], None]
    ) -> Generator[Batch, None, None]:
        """Every batch in order once it is scored; what `score` raises is raised here.

        Closing the iterator, or an error, ends the threads after the scorer that each is at.
        """
        with _one_arithmetic(), _short_turns():
            if self.count < 2:
                for batch in batches:
                    score(batch)
                    yield batch
                return
            with closing(self._scored(batches, score)) as scored:
                yield from scored

    def _scored(
        self, batches: Iterable[Batch], score: Callable[[Batch], None]
    ) -> Generator[Batch, None, None]:
        running: deque[tuple[Batch, Future[None]]] = deque()
        torch_threads = _torch_threads(max(1, cores() // self.count))
        with _opencv_in_one_thread(), among(self.count), torch_threads as prepare:
            pool = ThreadPoolExecutor(self.count, "iqm-score", prepare)
            try:
                for batch in batches:
                    running.append((batch, pool.submit(score, batch)))
                    if len(running) > self.count:  # one more waits, so that no thread ever does
                        yield _finished(*running.popleft())
                while running:
                    yield _finished(*running.popleft())
            finally:
                self._stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)


def _finished(batch: Batch, future: "Future[None]") -> Batch:
    future.result()
    return batch


@contextmanager
def _one_arithmetic() -> Iterator[None]:
    """Convolutions on a GPU in whole float32, by the same algorithm each time, in every thread.

    torch keeps this once for a process, so no net may have its own way while others are at work.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    settings = {"enabled": True, "benchmark": False, "deterministic": True, "allow_tf32": False}
    with torch.backends.cudnn.flags(**settings):
        yield


@contextmanager
def _short_turns() -> Iterator[None]:
    """Python's lock changes hands ten times as often: those who feed decoders need it shortly.

    A decoder waits while nobody takes its picture, so each turn of a scorer held one of them up.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _opencv_in_one_thread() -> Iterator[None]:
    """OpenCV works in the thread that asks it: more would spin while they wait for small pieces."""
    try:
        import cv2
    except ImportError:
        yield
        return
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def _torch_threads(count: int) -> Iterator[Callable[[], None]]:
    """Share torch's threads out: what a scoring thread calls first; undone at the end."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield lambda: None
        return
    before = torch.get_num_threads()
    yield lambda: torch.set_num_threads(min(before, count))
    torch.set_num_threads(before)
