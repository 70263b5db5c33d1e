"""Progress on stderr: a bar with rate and time left on a terminal, else a line every 10 s."""

import sys
import time
from typing import Any

import click

EVERY_S = 10.0


def progress(quiet: bool) -> Any:
    """The listener that fits where stderr goes."""
    from iqmetrics.pipeline.progress import Silent

    if quiet:
        return Silent()
    return Bar() if sys.stderr.isatty() else Lines()


def rate(each_s: float) -> str:
    """How fast it goes, from the seconds of one.

    Example:
        >>> rate(0.05), rate(24.0)
        ('20.0/s', '24.0 s each')
    """
    return f"{1 / each_s:.1f}/s" if each_s <= 1 else f"{each_s:.1f} s each"


class Lines:
    """One plain line when a stage starts to take long, then one every 10 seconds."""

    def start(self, stage: str, total: int) -> None:
        """Remember when the stage began."""
        self._stage, self._total, self._done = stage, total, 0
        self._began = self._told = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Tell how far it is, at most every 10 seconds."""
        self._done += count
        now = time.monotonic()
        if now - self._told < EVERY_S:
            return
        self._told = now
        each = (now - self._began) / self._done
        left = (self._total - self._done) * each
        click.echo(
            f"{self._stage}: {self._done}/{self._total}, {rate(each)}, about {left:.0f} s left",
            err=True,
        )

    def finish(self) -> None:
        """Nothing to clear."""


class Bar:
    """A rich progress bar; honours NO_COLOR and TERM=dumb."""

    def start(self, stage: str, total: int) -> None:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(stage, total=total, rate="")
        self._began, self._done = time.monotonic(), 0

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        self._done += count
        each = max(time.monotonic() - self._began, 1e-6) / self._done
        self._bar.update(self._task, advance=count, rate=rate(each))

    def finish(self) -> None:
        """Take the bar away."""
        self._bar.stop()
