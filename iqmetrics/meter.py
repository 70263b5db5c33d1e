"""Watch a number from a thread while something runs: its lowest and highest value."""

import threading
from collections.abc import Callable
from typing import Self

GIB = 2**30


class Watch:
    """The range of `read()`, sampled every `every_s` seconds between entering and leaving.

    A reading of None (unknown) is left out; `low` and `high` stay None when nothing was read. One
    reading is taken on entering and one on leaving, however short the time between.

    Example:
        >>> values = iter([3.0, 1.0])
        >>> with Watch(lambda: next(values), every_s=60.0) as watch:
        ...     pass
        >>> watch.low, watch.high
        (1.0, 3.0)
    """

    def __init__(self, read: Callable[[], float | None], every_s: float = 0.05) -> None:
        self.low: float | None = None
        self.high: float | None = None
        self._read, self._every_s = read, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._note()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._note()

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            self._note()

    def _note(self) -> None:
        value = self._read()
        if value is not None:
            self.low = value if self.low is None else min(self.low, value)
            self.high = value if self.high is None else max(self.high, value)
