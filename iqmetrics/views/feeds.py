r"""CSV feeds: one row a metric (long), one row an image (wide), one row a model (scorecard).

RFC 4180 with CRLF, UTF-8, "." decimals, sorted as the run is, no time stamps: the same store gives
the same bytes, and a file that would not change is not touched. A text cell that a spreadsheet
would run as a formula gets a leading apostrophe; numbers are never touched. What no spreadsheet
keeps (NUL, a carriage return, broken UTF-8) is a visible escape: `\x00`, `\r`, `\udcff`.
"""

import filecmp
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from iqmetrics.links import led
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.records import Scorecard

LONG = (
    "image", "model", "prompt_id", "prompt", "seed", "pick",
    "scorer", "metric", "value", "status", "reason", "scorer_version",
)  # fmt: skip
ABANDONED_S = 3600
"""Seconds after which an unfinished file is nobody's."""
PLACE = ("image", "model", "prompt_id", "prompt", "seed", "pick")
SCORECARD = (
    "model", "metric", "mean", "low", "high", "images", "prompts", "unit", "better",
    "ok", "not_applicable", "abstained", "unavailable", "failed", "undecoded",
    "scorer", "scorer_version",
)  # fmt: skip

_SPECIAL = re.compile('[,"\r\n]').search
"""What needs quotes around its cell."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: Any) -> str:
    """One CSV cell: numbers as they are, nothing for None, text made safe against formulas.

    Example:
        >>> cell(-1.5), cell(None), cell("=1+1"), cell("a, b")
        ('-1.5', '', "'=1+1", 'a, b')
    """
    if value is None:
        return ""
    return _safe(value) if isinstance(value, str) else repr(value)


def _safe(value: str) -> str:
    text = value
    if not value.isascii():
        text = value.encode("utf-8", "backslashreplace").decode("utf-8")
    text = text.replace("\0", "\\x00")
    return ("'" if _runs(text) else "") + text.replace("\r", "\\r")


def unguarded(text: str) -> str:
    """The text of a cell without the apostrophe that `cell` put before it.

    Example:
        >>> unguarded("'=1+1"), unguarded("'tis.png"), unguarded(cell("'=1+1"))
        ('=1+1', "'tis.png", "'=1+1")
    """
    return text[1:] if text.startswith("'") and _runs(text) else text


def _runs(text: str) -> bool:
    """Whether a spreadsheet may take it for a formula, once apostrophes are taken off."""
    return text.lstrip(" '").startswith(_FORMULA)


class Cells(str):
    """Neighbouring cells of a row as they stand in the file: many rows have the same."""

    __slots__ = ()


def _quoted(value: str) -> str:
    """A text as it stands in the file."""
    text = _safe(value)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL(text) else text


_written = lru_cache(maxsize=1024)(_quoted)
"""The same few names stand in most of the rows."""


@lru_cache(maxsize=1024)
def _cells(*values: str | None) -> Cells:
    return Cells(",".join(["" if value is None else _written(value) for value in values]))


def _line(row: Sequence[Any]) -> str:
    """One line of the file: numbers by their repr, nothing for None."""
    line = ",".join(
        [
            value
            if type(value) is Cells
            else ""
            if value is None
            else _written(value)
            if isinstance(value, str)
            else repr(value)
            for value in row
        ]
    )
    return (line or '""') + "\r\n"  # an empty line would be no row


def long_rows(
    outcomes: Iterable[Outcome], scorers: Sequence[ScorerFacts]
) -> Iterator[tuple[Any, ...]]:
    """Rows of scores_long.csv."""
    order = [
        (s.name, s.full_version, [(m.name, _cells(s.name, m.name)) for m in s.metrics])
        for s in scorers
    ]
    for outcome in outcomes:
        place = _place(outcome)
        if lost := outcome.problem:
            yield place, "image", None, None, lost.status, lost.reason, None
        for scorer, version, metrics in order:
            if reading := outcome.readings.get(scorer):
                well = _cells("ok", None, version)
                for metric, names in metrics:
                    gone = reading.missing.get(metric)
                    told = _cells(gone.status, gone.reason, version) if gone else well
                    yield place, names, reading.values.get(metric), told


def wide_header(scorers: Sequence[ScorerFacts]) -> list[str]:
    """Header of scores_wide.csv: where an image belongs, its status, one column a metric of images.

    What belongs to a set of images (diversity, FID) stands in scores_long.csv and the scorecard.
    """
    return [*PLACE, "status", *(name for _, name in _of_images(scorers))]


def wide_rows(outcomes: Iterable[Outcome], scorers: Sequence[ScorerFacts]) -> Iterator[list[Any]]:
    """Rows of scores_wide.csv: images only; a metric without a value is an empty cell."""
    metrics = _of_images(scorers)
    for outcome in outcomes:
        if outcome.record is None:
            continue
        status = outcome.problem.status if outcome.problem else "ok"
        readings = outcome.readings
        values = [readings[s].values.get(m) if s in readings else None for s, m in metrics]
        yield [_place(outcome), status, *values]


def _of_images(scorers: Sequence[ScorerFacts]) -> list[tuple[str, str]]:
    """`(scorer, metric)` of everything that an image has by itself."""
    return [(s.name, m.name) for s in scorers if s.scope == "image" for m in s.metrics]


def scorecard_rows(card: Scorecard) -> Iterator[list[Any]]:
    """Rows of scorecard.csv."""
    named = ("ok", "not_applicable", "abstained", "unavailable", "failed")
    for row in card.rows:
        counts = [row.coverage.get(status, 0) for status in named]
        undecoded = sum(row.coverage.values()) - sum(counts)
        yield [
            row.model, row.metric, row.mean, row.low, row.high, row.images, row.prompts,
            row.unit, row.better, *counts, undecoded, row.scorer, row.scorer_version,
        ]  # fmt: skip


class Table:
    """A CSV file that is being written beside its place; `changed` tells what came of it."""

    changed = False

    def __init__(self, file: IO[str], header: Sequence[str]) -> None:
        self._file = file
        self._file.write(_line(header))

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write some rows more."""
        self._file.writelines(map(_line, rows))


@contextmanager
def table(path: Path, header: Sequence[str]) -> Iterator[Table]:
    """Stream a CSV file; it comes into place in the end, if it differs from what is there."""
    with beside(path) as fresh:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            yield (made := Table(file, header))
        made.changed = replace_if_changed(fresh, path)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bool:
    """Stream a CSV file into place; True when the file changed."""
    with table(path, header) as made:
        made.add(rows)
    return made.changed


def write_text(path: Path, text: str | Iterable[str]) -> bool:
    """Write a text, or its parts one by one, into place; True when the file changed.

    A link keeps leading where it leads; a pipe or device (/dev/stdout) is written to, not replaced.
    """
    parts = [text] if isinstance(text, str) else text
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(parts)
        return True
    if isinstance(text, str) and _holds(path, text):
        return False
    with beside(path) as fresh:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.writelines(parts)
        return replace_if_changed(fresh, path)


def _holds(path: Path, text: str) -> bool:
    """Whether the file has this text: no need then to write it beside first."""
    try:
        return path.read_bytes() == text.encode("utf-8")
    except (OSError, UnicodeError):  # what is wrong is told by writing
        return False


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A name to write to first, of this run alone: two may write to one folder.

    It lies beside the file that a link leads to. A file cut short (a full disk, ^C) is neither kept
    nor moved.
    """
    real = led(path)
    fresh = real.with_name(f"{real.name}.{os.getpid()}.new")
    try:
        yield fresh
    except BaseException as error:
        fresh.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say whose file it was
        raise


def sweep(folder: Path) -> None:
    """Remove what runs that were killed left unfinished; what is younger may still be written."""
    for old in folder.glob("*.new"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > ABANDONED_S:
                old.unlink()


def replace_if_changed(fresh: Path, path: Path) -> bool:
    """Move `fresh` over `path`, or what it leads to, unless both hold the same bytes."""
    if path.exists() and filecmp.cmp(fresh, path, shallow=False):
        fresh.unlink()
        return False
    fresh.replace(led(path))
    return True


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The same CSV as a string, for stdout."""
    return "".join(map(_line, [header, *rows]))


def _place(outcome: Outcome) -> Cells:
    record = outcome.record
    if record is None:
        return _cells(None, outcome.model, outcome.prompt_id, None, None, None)
    shared = _cells(record.model, record.prompt_id, record.prompt)
    seed = "" if record.seed is None else record.seed
    pick = "" if record.pick is None else record.pick
    return Cells(f"{_quoted(record.image)},{shared},{seed},{pick}")
