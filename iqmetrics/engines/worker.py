"""What runs in another process, here or on a machine of a cluster: it decodes and scores tasks.

It is given paths, never pixels. Images are decoded by killable processes that live as long as the
worker, one task ahead of the scorers.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from iqmetrics.engines import local, tasks
from iqmetrics.errors import Unavailable
from iqmetrics.images import DECODE_POLICY, Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers import base
from iqmetrics.worker_process import WorkerProcess
from iqmetrics.workers import decode_all


@dataclass(frozen=True)
class Orders:
    """What every worker is told once.

    `cut` and `look` are functions of installed modules: what is done to a decoded stream, and what
    is made of each batch of pictures. `workers` counts decoding processes a worker.
    """

    scorers: Mapping[str, base.Scorer]
    needed: tuple[str, ...]
    device: str
    workers: int
    batch: int
    cut: Callable[[Iterator[local.Decoded]], Iterator[local.Decoded]]
    look: Callable[[Sequence[Picture]], Sequence[Any]]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Hello:
    """What a worker is: the versions it runs, and which scorers it could not load and why."""

    versions: tuple[str, ...]
    unavailable: Mapping[str, str]
    node: str


def versions() -> tuple[str, ...]:
    """What must be equal on all machines for their readings to be one table."""
    from iqmetrics import __version__

    return f"iqmetrics {__version__}", f"decode policy {DECODE_POLICY}"


class Worker:
    """Decodes and scores; the body of an actor on a cluster.

    `decode` and `do` are called for each task under the same number, `decode` from a thread of its
    own so that it runs ahead.
    """

    def __init__(self, orders: Orders) -> None:
        os.environ.update(orders.environment)
        self._orders = orders
        self._unavailable: dict[str, str] = {}
        for name in orders.needed:
            try:
                base.load(orders.scorers[name], orders.device)
            except Unavailable as error:
                self._unavailable[name] = f"{error.message}: {error.hint}"
        self._paths: SimpleQueue[ImageRecord] = SimpleQueue()
        self._stream: Iterator[local.Decoded] | None = None
        self._ready: dict[int, SimpleQueue[list[local.Decoded] | Exception]] = {}

    def hello(self) -> Hello:
        """Answer once everything is loaded."""
        import socket

        return Hello(versions(), self._unavailable, socket.gethostname())

    def decode(self, number: int, records: Sequence[ImageRecord]) -> None:
        """Decode the images of a task; what goes wrong is told to `do`."""
        slot = self._slot(number)
        try:
            slot.put(list(self._decoded(records)))
        except Exception as error:
            slot.put(error)

    def do(self, number: int, task: tasks.Task) -> tasks.Done:
        """Score the images of a task."""
        decoded = self._slot(number).get()
        del self._ready[number]
        if isinstance(decoded, Exception):
            raise decoded
        orders = self._orders
        known = {n: s for n, s in orders.scorers.items() if n not in self._unavailable}
        return tasks.do(task, decoded, known, orders.look, orders.batch)

    def _slot(self, number: int) -> "SimpleQueue[list[local.Decoded] | Exception]":
        return self._ready.setdefault(number, SimpleQueue())

    def _decoded(self, records: Sequence[ImageRecord]) -> Iterator[local.Decoded]:
        orders = self._orders
        if orders.workers == 0 or not WorkerProcess.possible():
            yield from orders.cut(decode_all(records, workers=0))
            return
        if self._stream is None:
            self._stream = orders.cut(decode_all(self._queued(), workers=orders.workers))
        for record in records:
            self._paths.put(record)
        for _ in records:
            yield next(self._stream)

    def _queued(self) -> Iterable[ImageRecord]:
        while True:
            yield self._paths.get()
