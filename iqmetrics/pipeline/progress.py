"""How a long stage tells how far it is; the command line shows it, the Python API stays silent."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """A listener: a stage starts with its size, advances, and ends."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins; `total` is what it will count to."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""

    def finish(self) -> None:
        """The stage is over."""


class Silent:
    """Tells nobody."""

    def start(self, stage: str, total: int) -> None:
        """Say nothing."""

    def advance(self, count: int = 1) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""


def track(
    progress: Progress, stage: str, total: int, items: Iterable[T]
) -> Generator[T, None, None]:
    """Pass items through, advancing by one each; the stage ends however the loop ends."""
    with staged(progress, stage, total):
        for item in items:
            yield item
            progress.advance()


@contextmanager
def staged(progress: Progress, stage: str, total: int) -> Iterator[None]:
    """A stage that ends however what runs inside ends."""
    progress.start(stage, total)
    try:
        yield
    finally:
        progress.finish()
