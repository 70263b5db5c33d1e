"""What is done in a thread of its own while others go on, and many at once where it is slow."""

from collections.abc import Callable, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """Does something with what it is given, in order; what comes meanwhile is done together next.

    So a slow disk gets few large pieces instead of many small ones. Any thread may call it. What
    `do` raises is raised by the next call, or at the end.

    Args:
        do: called with all that is there.
        ahead: calls whose things may wait; a further one waits itself.
    """

    def __init__(self, do: Callable[[list[T]], None], ahead: int = 1) -> None:
        self._do = do
        self._waiting: Queue[Sequence[T] | None] = Queue(ahead)
        self._failed: BaseException | None = None
        self._thread = Thread(target=self._work, name="iqm-beside", daemon=True)

    def __call__(self, things: Sequence[T]) -> None:
        """Have it done with these."""
        if self._failed:
            raise self._failed
        self._waiting.put(things)

    def __enter__(self) -> "Beside[T]":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._waiting.put(None)
        self._thread.join()
        if kind is None and self._failed:
            raise self._failed

    def _work(self) -> None:
        going_on = True
        while going_on:
            found = [self._waiting.get()]
            try:
                while True:
                    found.append(self._waiting.get_nowait())
            except Empty:
                going_on = None not in found
            things = [one for some in found if some is not None for one in some]
            if things and self._failed is None:
                try:
                    self._do(things)
                except BaseException as error:
                    self._failed = error
