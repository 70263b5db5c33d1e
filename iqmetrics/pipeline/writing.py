"""One process writes what several have found; they send it through pipes.

Many who write into one SQLite file wait for each other, and each reads again what another wrote. A
scoring process would keep all others waiting for as long as its scorers hold Python's lock.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.reduction import recv_handle, send_handle
from threading import Lock, Thread

from iqmetrics.store import Change, Results, Store


class Sent(Results):
    """Results that a `Writer` of another process writes; use as a context manager.

    Args:
        link: connection to the process that has the writer, which has sent an end of a pipe there.

    Raises:
        EOFError: that process has ended.
    """

    def __init__(self, link: Connection) -> None:
        handle = recv_handle(link)
        os.set_inheritable(handle, False)  # a copy elsewhere would keep the writer waiting
        self._pipe = Connection(handle, readable=False)
        self._turn = Lock()

    def __enter__(self) -> "Sent":
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()

    def write(self, changes: Iterable[Change]) -> None:
        """Have rows put into tables; from any thread.

        Raises:
            KeyboardInterrupt: nobody writes any more.
        """
        told = [(table, list(rows)) for table, rows in changes]
        try:
            with self._turn:
                self._pipe.send(told)
        except OSError as error:
            raise KeyboardInterrupt from error


class Writer:
    """A thread that writes what processes send, until all of them have ended.

    What comes from several at the same time is committed at once.

    Args:
        store: where to.

    Attributes:
        failed: what has kept it from writing: the processes cannot send any more.
    """

    def __init__(self, store: Store) -> None:
        self.failed: BaseException | None = None
        self._store = store
        self._pipes: list[Connection] = []
        self._thread = Thread(target=self._work, name="iqm-writer", daemon=True)

    def serve(self, link: Connection) -> None:
        """Send an end of a pipe to a process, before `start`; it may have ended."""
        ours, theirs = Pipe(duplex=False)
        self._pipes.append(ours)
        with theirs, suppress(OSError):
            send_handle(link, theirs.fileno(), None)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def finish(self) -> None:
        """Wait until all processes have ended and everything is written.

        Raises:
            BadInput: the store cannot be written.
        """
        self._thread.join()
        if self.failed:
            raise self.failed

    def _work(self) -> None:
        try:
            while self._pipes:
                changes: list[Change] = []
                for pipe in wait(self._pipes):
                    assert isinstance(pipe, Connection)
                    try:
                        changes += pipe.recv()
                    except (EOFError, OSError):  # its process has ended
                        self._pipes.remove(pipe)
                        pipe.close()
                if changes:
                    self._store.write(changes)
        except BaseException as error:
            self.failed = error
        for pipe in self._pipes:
            pipe.close()
