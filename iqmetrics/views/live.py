"""The stored run behind the server, read again in the background when its store has changed.

Reading 100,000 images takes many seconds; nobody waits for that but whoever asks first for a feed,
which must be whole. Pages show the last scorecard that is known.
"""

import time
from pathlib import Path
from threading import Lock, Thread

from iqmetrics.errors import BadInput, IqmError
from iqmetrics.pipeline.score import STORE, read
from iqmetrics.records import Scorecard
from iqmetrics.store import Store

FRESH_S = 3.0
SHARE = 4
"""After a read that took t seconds the next one waits SHARE * t: reading never takes a core."""


class Folder:
    """An output folder: its store, and the scorecard of what is scored by now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._card: Scorecard | None = None
        self._stamp: tuple[int, ...] = ()
        self._next = 0.0
        self._reading = Lock()
        self._error: IqmError | None = None

    def store(self) -> Store:
        """The store, opened for one request.

        Raises:
            IqmError: it is gone, or cannot be read.
        """
        if not (self.path / STORE).is_file():
            raise BadInput(f"{self.path / STORE} is gone", "iqm score FOLDER makes it again")
        return Store(self.path / STORE)

    def latest(self) -> Scorecard | None:
        """The last scorecard that is known, None before the first; never waits.

        Raises:
            IqmError: the store cannot be read.
        """
        self.refresh()
        if self._error is not None:
            raise self._error
        return self._card

    def scorecard(self) -> Scorecard:
        """The last scorecard that is known; waits for the first.

        Raises:
            IqmError: the store cannot be read.
        """
        if self._card is None:
            with self._reading:
                if self._card is None:
                    self._read()
        card = self.latest()
        assert card is not None
        return card

    def refresh(self) -> Thread | None:
        """Start to read in the background if the store has changed; the thread, if one started."""
        if time.monotonic() < self._next or self._changed() == self._stamp:
            return None
        if not self._reading.acquire(blocking=False):
            return None
        thread = Thread(target=self._read_and_release, daemon=True)
        thread.start()
        return thread

    def _read_and_release(self) -> None:
        try:
            self._read()
        except IqmError:
            pass  # kept in self._error, told by the next request
        finally:
            self._reading.release()

    def _read(self) -> None:
        start, stamp = time.monotonic(), self._changed()
        try:
            with self.store() as store:
                self._card = read(store).scorecard
            self._stamp, self._error = stamp, None
        except IqmError as error:
            self._error = error
            raise
        finally:
            now = time.monotonic()
            self._next = now + max(FRESH_S, SHARE * (now - start))

    def _changed(self) -> tuple[int, ...]:
        """Size and time of the store's files; an empty write-ahead log counts as none."""
        found: list[int] = []
        for name in (STORE, STORE + "-wal"):
            try:
                stat = (self.path / name).stat()
            except FileNotFoundError:
                continue
            if stat.st_size:
                found += [stat.st_size, stat.st_mtime_ns]
        return tuple(found)
