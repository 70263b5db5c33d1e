"""Progress on stderr: a bar with rate and time left on a terminal, else a line every 10 s."""

import sys
import time
from typing import Any

import click

EVERY_S = 10.0
SOON_S = 1.0
"""Seconds of a stage after which its rate means anything."""


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


def left(seconds: float) -> str:
    """About how long it still takes, in the unit that people would say.

    Example:
        >>> left(28.4), left(150), left(10715)
        ('28 s', '3 min', '3.0 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Lines:
    """One plain line when a stage starts to take long, then one every 10 seconds.

    Rate and time left are those since the last line: what was slow at the start (code that is
    compiled, a net that warms up) would be told for long as if it went on.
    """

    def start(self, stage: str, total: int) -> None:
        """Remember when the stage began."""
        self._stage, self._total, self._done, self._before = stage, total, 0, 0
        self._told = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Tell how far it is, at most every 10 seconds."""
        self._done += count
        now = time.monotonic()
        if now - self._told < EVERY_S:
            return
        each = (now - self._told) / (self._done - self._before)
        self._told, self._before = now, self._done
        rest = left((self._total - self._done) * each)
        click.echo(
            f"{self._stage}: {self._done}/{self._total}, {rate(each)}, about {rest} left", err=True
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
        took = time.monotonic() - self._began
        told = rate(took / self._done) if took >= SOON_S else ""
        self._bar.update(self._task, advance=count, rate=told)

    def finish(self) -> None:
        """Take the bar away."""
        self._bar.stop()
