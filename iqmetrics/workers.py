"""Decoding in processes that may be killed: one bad file costs that file and nothing else.

Each worker process has a thread here that feeds it, waits for its answer, and starts another when
it dies. Answers wait on a shelf of bounded size until they are asked for, so a folder of any size
needs the same memory. Pixels travel in shared memory that has no name which could be left behind.
Where there are no such processes (Windows), threads decode.
"""

import os
import time
from collections.abc import Generator, Iterable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from iqmetrics.decode import Limits, empty
from iqmetrics.errors import ImageProblem
from iqmetrics.images import Picture, open_picture, with_sha256
from iqmetrics.records import ImageRecord
from iqmetrics.remote import local_copy
from iqmetrics.shelf import Shelf
from iqmetrics.worker_process import Answer, WorkerProcess

Workers = int | Literal["threads"] | None
"""How many processes decode; None = one a core (16 at most); 0 or "threads" = threads instead."""

if TYPE_CHECKING:
    from iqmetrics.decode import Room

SHELF_BYTES = 512 << 20
MOST_WORKERS = 16
WORTH = 8
"""Files that each further worker must have to be worth its start, where none are asked for."""
QUICK_WORTH = 64
"""Files that each worker must have for the quickest PNG decoder to be worth its start."""


class Opened(NamedTuple):
    """One image as it came from a worker.

    `record` carries the sha256 of the bytes read (if they could be read); `extra` is what the extra
    function answered, `extra_error` why it did not. `seconds` is the time until the answer (until
    the worker was replaced, if it was), `peak_mb` the memory it took, where measured.
    """

    record: ImageRecord
    result: Picture | ImageProblem
    extra: Any = None
    extra_error: str = ""
    seconds: float = 0.0
    peak_mb: float | None = None


def decode_all(
    records: Iterable[ImageRecord],
    workers: Workers = None,
    limits: Limits | None = None,
    room: "Room" = empty,
    rows: bool = False,
) -> Iterator[tuple[ImageRecord, Picture | ImageProblem]]:
    """Every record with its picture or its problem, in no particular order, decoded ahead.

    Close the iterator (or use it up) to end its workers. `limits`, `room`, `rows`: see `Decoder`.

    Raises:
        ValueError: fewer than no workers: nobody would ever decode.
    """
    if isinstance(workers, int) and workers < 0:
        raise ValueError(f"workers is {workers}")
    if workers == "threads" or workers == 0 or not WorkerProcess.possible():
        yield from _by_threads(records, limits, room)
        return
    with closing(Decoder(workers, limits, room=room, rows=rows).each(records)) as opened:
        for one in opened:
            yield one.record, one.result


class Decoder:
    """A pool of killable processes that decode.

    Args:
        workers: number of processes; None = one a core.
        limits: what one file may cost; also enforced when the parent is busy or gone.
        extra: "module:function", run in the worker on (path, bytes) before the file is decoded;
            must answer something JSON-able.
        measure: tell the peak memory of each file.
        room: asked for memory of height x width x 3 bytes that a picture stays in.
        rows: pictures may be finished later, on a GPU (`png_rows.Rows`).
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        extra: str | None = None,
        measure: bool = False,
        room: "Room" = empty,
        rows: bool = False,
    ) -> None:
        self.workers = workers or min(MOST_WORKERS, _cores())
        self._worth = 1 if workers else WORTH
        self.limits = limits or Limits()
        self._extra = extra
        self._measure = measure
        self._room = room
        self._rows = rows

    def each(self, records: Iterable[ImageRecord]) -> Generator[Opened, None, None]:
        """Every record exactly once, as soon as it is done.

        Raises:
            RuntimeError: the workers cannot be started; or whatever `records` itself raises.
        """
        count, quick = self.workers, True
        if isinstance(records, Sized):
            count = min(count, -(-len(records) // self._worth))
            quick = len(records) >= QUICK_WORTH * count
        shelf = Shelf[Opened](SHELF_BYTES, producers=count)
        todo, lock = iter(records), Lock()
        feeders = [
            Thread(
                target=self._feed, args=(todo, lock, shelf, quick), name="iqm-decode", daemon=True
            )
            for _ in range(count)
        ]
        try:
            for feeder in feeders:
                feeder.start()
            yield from shelf
        finally:
            shelf.close()
            for feeder in feeders:
                feeder.join()

    def _feed(
        self, todo: Iterator[ImageRecord], lock: Lock, shelf: Shelf[Opened], quick: bool
    ) -> None:
        how = self._extra, self._measure, quick, self._room, self._rows
        worker = WorkerProcess(self.limits, *how)
        shelf.on_close(worker.kill)
        try:
            worker.ready()  # it starts while the first file may still be awaited
            while not shelf.closed:
                with lock:
                    record = next(todo, None)
                if record is None:
                    break
                worker.ready()
                start = time.perf_counter()
                answer, pixels = _asked(worker, record.path, self.limits)
                seconds = time.perf_counter() - start
                opened = _opened(record, answer, pixels, seconds)
                size = opened.result.nbytes if isinstance(opened.result, Picture) else 0
                shelf.put(opened, size)
        except BaseException as error:  # told to whoever iterates
            shelf.fail(error)
        finally:
            worker.kill()
            shelf.done()


def _asked(worker: WorkerProcess, path: str, limits: Limits) -> Answer:
    try:
        with local_copy(path, limits.file_bytes) as here:
            return worker.ask(here)
    except ImageProblem as problem:
        return {"status": problem.status, "reason": problem.reason}, None


def _opened(record: ImageRecord, answer: dict[str, Any], pixels: Any, seconds: float) -> Opened:
    extra, extra_error = answer.get("extra"), answer.get("extra_error", "")
    rest = (extra, extra_error, seconds, answer.get("peak_mb"))
    try:
        if "sha256" in answer:
            record = with_sha256(record, answer["sha256"])
            if pixels is None:
                raise ImageProblem.of_bytes(answer["status"], answer["reason"])
        elif pixels is None:
            raise ImageProblem(answer["status"], answer["reason"])
        return Opened(record, Picture(record, pixels, tuple(answer["flags"])), *rest)
    except ImageProblem as problem:
        return Opened(record, problem, *rest)


def _by_threads(
    records: Iterable[ImageRecord], limits: Limits | None, room: "Room"
) -> Iterator[tuple[ImageRecord, Picture | ImageProblem]]:
    from collections import deque

    def one(record: ImageRecord) -> tuple[ImageRecord, Picture | ImageProblem]:
        try:
            picture = open_picture(record, limits, room)
            return picture.record, picture
        except ImageProblem as problem:
            return record, problem

    pool = ThreadPoolExecutor(min(4, _cores()))
    try:
        ahead: deque[Any] = deque()
        for record in records:
            ahead.append(pool.submit(one, record))
            if len(ahead) > 8:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
