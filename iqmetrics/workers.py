"""Decodes many images in killable processes, ahead of whoever consumes them.

Each worker process is driven by one thread: it hands out a path, waits for the pixels, and kills
and replaces the process when the time is up or when it died. Finished pictures wait in a short
queue, so memory is bounded at any folder size. Results come in whatever order they are ready.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iqmetrics.decode import MAX_PIXELS
from iqmetrics.errors import ImageProblem, IqmError
from iqmetrics.images import Picture, open_picture
from iqmetrics.records import ImageRecord
from iqmetrics.worker import HEAD, LENGTH, READY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Result = tuple[ImageRecord, Picture | ImageProblem]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: pixels, seconds, and bytes of memory beyond an idle worker."""

    pixels: int = MAX_PIXELS
    seconds: float = 10.0
    memory: int = 1 << 30


DEFAULT = Limits()
MOST_WORKERS = 16
AHEAD = 8
"""Pictures a worker may be ahead of the consumer."""


def decode_all(
    records: Iterable[ImageRecord], workers: int | None = None, limits: Limits = DEFAULT
) -> Iterator[Result]:
    """Every record with its picture or its problem, in any order.

    Args:
        records: what to decode.
        workers: processes; None is one a core, 0 decodes here, without protection.
        limits: what one file may cost.
    """
    if workers == 0:
        for record in records:
            yield record, _open_here(record)
        return
    count = workers or min(MOST_WORKERS, os.cpu_count() or 1)
    run = _Run(records, limits, count)
    try:
        yield from run.results()
    finally:
        run.stop()


def _open_here(record: ImageRecord) -> Picture | ImageProblem:
    try:
        return open_picture(record)
    except ImageProblem as problem:
        return problem


class _Run:
    """The threads of one `decode_all` and what they share."""

    def __init__(self, records: Iterable[ImageRecord], limits: Limits, count: int) -> None:
        self._records = iter(records)
        self._limits = limits
        self._lock = threading.Lock()
        self._done: queue.Queue[Result | BaseException | None] = queue.Queue(AHEAD * count)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._drive, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[Result]:
        """Whatever is ready, until every thread has ended."""
        running = len(self._threads)
        while running:
            item = self._done.get()
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item

    def stop(self) -> None:
        """End all threads and their processes."""
        self._stopping.set()
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._done.get(timeout=0.05)
            except queue.Empty:
                continue

    def _drive(self) -> None:
        worker = _Worker(self._limits)
        try:
            while not self._stopping.is_set():
                with self._lock:
                    record = next(self._records, None)
                if record is None:
                    break
                self._done.put((record, worker.open(record)))
        except BaseException as error:
            self._done.put(error)
        finally:
            worker.close()
            self._done.put(None)


class _Worker:
    """One process; started when first needed, started again after it had to be killed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, record: ImageRecord) -> Picture | ImageProblem:
        """Decode one file in the process."""
        process = self._process = self._process or self._start()
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(self._limits.seconds, kill)
        clock.daemon = True
        clock.start()
        try:
            return self._ask(process, record)
        except (EOFError, BrokenPipeError):
            self.close()
            code = process.returncode
            if late.is_set():
                told = f"not decoded within {self._limits.seconds:g} s"
                return ImageProblem("timeout", told)
            return ImageProblem("crashed", f"the decoder died (exit code {code})")
        finally:
            clock.cancel()

    def close(self) -> None:
        """Let the process end; it does when its input ends."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "iqmetrics.worker"]
        limits = [str(self._limits.pixels), str(self._limits.memory)]
        process = subprocess.Popen(
            [*command, *limits], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1 << 16
        )
        _widen(process.stdout)
        try:
            _read(process, len(READY))
        except EOFError:
            process.communicate()
            told = "a decoding process cannot be started here"
            raise IqmError(told, f"Try: {' '.join(command)} < /dev/null, or --workers 0") from None
        return process

    @staticmethod
    def _ask(process: subprocess.Popen[bytes], record: ImageRecord) -> Picture | ImageProblem:
        assert process.stdin is not None
        path = os.fsencode(record.path)
        process.stdin.write(LENGTH.pack(len(path)) + path)
        process.stdin.flush()
        height, width, size = HEAD.unpack(_read(process, HEAD.size))
        told = json.loads(bytes(_read(process, size)))
        if height == 0:
            return ImageProblem(*told)
        pixels = _read(process, height * width * 3).reshape(height, width, 3)
        return Picture(record, pixels, tuple(told))


def _read(process: subprocess.Popen[bytes], size: int) -> "NDArray[np.uint8]":
    """Exactly so many bytes of an answer."""
    import numpy as np

    assert process.stdout is not None
    data = np.empty(size, np.uint8)
    if process.stdout.readinto(data.data) != size:  # type: ignore[attr-defined]
        raise EOFError
    return data


def _widen(pipe: object) -> None:
    """A larger pipe, where the system allows it: fewer turns for a picture of some megabytes."""
    try:
        import fcntl

        fcntl.fcntl(pipe, 1031, 1 << 20)  # type: ignore[call-overload]  # F_SETPIPE_SZ
    except (ImportError, OSError):
        return
