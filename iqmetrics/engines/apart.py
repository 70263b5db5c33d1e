"""Scores in a process of its own, which may die: for images that ended an earlier run.

The process is fed tasks over a pipe, as an actor of a cluster is. It is slower to start than it is
to score a few images here, so the local engine sends it nothing but suspects.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from typing import IO, Any

from iqmetrics.engines.book import ENDED, Answer, Book
from iqmetrics.engines.tasks import Task
from iqmetrics.engines.worker import Orders, Worker

CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from iqmetrics.engines.apart import main
main(int(sys.argv[1]))
"""
POSSIBLE = sys.platform != "win32"
"""Whether a process can be handed a pipe here."""


def run(book: Book, orders: Orders) -> bool:
    """Do every task of the book; ^C (KeyboardInterrupt) ends the process too.

    Returns:
        False when there can be no such process (no pipes, or scorers that another process cannot
        import): then nothing was done.
    """
    if not POSSIBLE:
        return False
    child = _Child(orders)
    try:
        if not child.start():
            return False
        while book.tasks:
            task = book.tasks.popleft()
            book.settle([(task, child.ask(task))])
    finally:
        child.end()
    book.close()
    return True


def main(handle: int) -> None:
    """Serve tasks until the other end closes.

    Args:
        handle: file descriptor of the pipe that takes the answers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    requests = sys.stdin.buffer
    with os.fdopen(handle, "wb") as answers:
        worker = Worker(pickle.load(requests))
        _send(worker.hello(), answers)
        while True:
            try:
                task: Task = pickle.load(requests)
            except EOFError:
                return
            worker.decode(0, [work.record for work in task.works])
            try:
                answer: Answer = worker.do(0, task)
            except Exception as error:
                answer = f"the process failed ({type(error).__name__}: {error})"[:500]
            _send(answer, answers)


def _send(message: Any, pipe: IO[bytes]) -> None:
    pickle.dump(message, pipe)
    pipe.flush()


class _Child:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: Any = None

    def start(self) -> bool:
        """Start the process and wait until it has loaded the scorers."""
        try:
            told = pickle.dumps(self._orders)
        except (AttributeError, TypeError, pickle.PicklingError):
            return False
        reader, writer = os.pipe()
        self._answers = os.fdopen(reader, "rb")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", CODE, str(writer), json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[writer],
            )
        finally:
            os.close(writer)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(told)
            self._process.stdin.flush()
            pickle.load(self._answers)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            return False
        return True

    def ask(self, task: Task) -> Answer:
        """What the task gave, or how the process ended over it."""
        if self._process is None and not self.start():
            return "no further process could be started"
        assert self._process is not None and self._process.stdin is not None
        try:
            _send(task, self._process.stdin)
            answer: Answer = pickle.load(self._answers)
            return answer
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            return ENDED

    def end(self) -> None:
        """End the process, if one runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._answers.close()
        with suppress(OSError):  # what was not sent has nobody to read it
            process.stdin.close()  # type: ignore[union-attr]
