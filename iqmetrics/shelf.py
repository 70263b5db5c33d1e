"""A bounded place between threads that make things and one that takes them."""

from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """Holds things up to `capacity` bytes, or one thing that alone is larger.

    Iterating takes things until all `producers` are done; what a producer failed with is raised to
    the taker. After `close` nothing is held and producers are never blocked.
    """

    def __init__(self, capacity: int, producers: int) -> None:
        self._capacity = capacity
        self._producers = producers
        self._held: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._error: BaseException | None = None
        self._on_close: list[Callable[[], None]] = []
        self._changed = Condition()
        self.closed = False

    def put(self, thing: T, size: int) -> None:
        """Wait for room, then leave it; dropped when the shelf is closed."""
        size += 4096  # things without pixels count too
        with self._changed:
            self._changed.wait_for(
                lambda: self.closed or not self._held or self._bytes + size <= self._capacity
            )
            if not self.closed:
                self._held.append((thing, size))
                self._bytes += size
                self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._held or self._error or not self._producers or self.closed
                )
                if self._error is not None:
                    raise self._error
                if not self._held:
                    return
                thing, size = self._held.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield thing
            del thing

    def done(self) -> None:
        """One producer has nothing more."""
        with self._changed:
            self._producers -= 1
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """One producer cannot go on; the taker gets to know."""
        with self._changed:
            if not self.closed:
                self._error = self._error or error
            self._changed.notify_all()

    def on_close(self, action: Callable[[], None]) -> None:
        """Run `action` when the shelf is closed; at once when it already is."""
        with self._changed:
            if not self.closed:
                self._on_close.append(action)
                return
        action()

    def close(self) -> None:
        """Let go of everything and wake every producer."""
        with self._changed:
            self.closed = True
            self._held.clear()
            actions, self._on_close = self._on_close, []
            self._changed.notify_all()
        for action in actions:
            action()
