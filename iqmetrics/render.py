"""How a number and a table are printed, once."""

import os
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from itertools import zip_longest
from math import floor, log10
from shutil import get_terminal_size
from typing import TextIO

from iqmetrics.folding import COMMAND, folded, packed, pieces, width
from iqmetrics.records import YES_NO


def number(value: float | None) -> str:
    """Four significant digits without exponent; a missing value is an empty string.

    Example:
        >>> number(0.123456), number(31.41592), number(1024.0), number(None)
        ('0.1235', '31.42', '1024', '')
        >>> number(-0.00001), number(0.0000098092345)
        ('-0.00001', '0.000009809')
    """
    if value is None:
        return ""
    if value == 0:
        return "0"
    text = f"{value:.4g}"
    if "e" in text:
        text = f"{value:.0f}" if abs(value) > 1 else _small(value)
    return text or "0"


def _small(value: float) -> str:
    return f"{value:.{3 - floor(log10(abs(value)))}f}".rstrip("0")


def quantity(value: float | None, unit: str) -> str:
    """The value of one image: `yes` or `no` where the unit says so, else a number.

    Example:
        >>> quantity(1.0, "yes/no"), quantity(0.0, "yes/no"), quantity(0.5, "share")
        ('yes', 'no', '0.5')
    """
    if unit == YES_NO and value in (0, 1):
        return "yes" if value else "no"
    return number(value)


def share(value: float | None, unit: str) -> str:
    """A mean of many images: of yes and no in %, else a number.

    Example:
        >>> share(0.125, "yes/no"), share(0.125, "C*ab")
        ('12.5 %', '0.125')
    """
    return f"{number(100 * value)} %" if unit == YES_NO and value is not None else number(value)


def mean(value: float | None, unit: str) -> str:
    """The mean of many images, alone: of yes and no the share of yes, else a number.

    Example:
        >>> mean(0.125, "yes/no"), mean(1.0, "yes/no"), mean(0.125, "C*ab")
        ('12.5 % yes', '100 % yes', '0.125')
    """
    return share(value, unit) + (" yes" if unit == YES_NO and value is not None else "")


def difference(value: float | None, unit: str) -> str:
    """The difference of two means: of yes and no in percentage points, else a number.

    Example:
        >>> difference(-0.04, "yes/no"), difference(-0.04, "C*ab")
        ('-4 points', '-0.04')
    """
    return share(value, unit).replace("%", "points")


def interval(
    low: float | None,
    high: float | None,
    unit: str = "",
    show: Callable[[float | None, str], str] = share,
) -> str:
    """`[low, high]` of a mean, or as `show` has it; an empty string where there is none.

    Example:
        >>> interval(0.1, 0.25), interval(0.1, 0.25, "yes/no")
        ('[0.1, 0.25]', '[10 %, 25 %]')
    """
    if low is None or high is None:
        return ""
    return f"[{show(low, unit)}, {show(high, unit)}]"


def count(number: int, noun: str) -> str:
    """A number of things.

    Example:
        >>> count(1, "pair"), count(0, "image"), count(12, "prompt")
        ('1 pair', '0 images', '12 prompts')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


MANY = 1_000_000


def about(number: int, noun: str) -> str:
    """An estimated number of things, in two digits; above a million that is all that is said.

    It is rounded up: an estimate of 102 from 101 prompts is none of 100.

    Example:
        >>> about(394, "prompt"), about(31, "image"), about(337_245_510, "prompt")
        ('about 400 prompts', 'about 31 images', 'more than a million prompts')
    """
    if number > MANY:
        return f"more than a million {noun}s"
    step = 10 ** max(0, len(str(number)) - 2)
    return f"about {count(-(-number // step) * step, noun)}"


LEAST = 20
"""Columns that a text has at least beside others, however narrow the window."""
INDENT = "  "


def screen(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal that `stream` (stdout) is; None where it is a pipe or a file."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    size = (80, 24)
    with suppress(OSError, ValueError):  # it says that it is a terminal, and has no width
        size = os.get_terminal_size(stream.fileno())
    return get_terminal_size(size).columns or 80


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    room: int | None = None,
    texts: Collection[str] = (),
) -> str:
    """Columns padded to their widest cell; wide characters (Chinese) count twice.

    Args:
        header: The names of the columns.
        rows: As many cells each.
        room: Columns of the terminal, as `screen()` has them; None: one line a row.
        texts: Names of the columns that may be folded between words to fit into `room`. No other
            is: the last columns that find no room stand below their row, with their names.
    """
    if not rows:
        return ""
    grid, folds = [header, *rows], [name in texts for name in header]
    widths = [max(map(width, column)) for column in zip(*grid, strict=True)]
    if room is not None:
        widths = _fitted(widths, _least(grid, widths, folds, room), room)
    lines = [*_beside(header, widths, folds), "  ".join("-" * w for w in widths)]
    for row in rows:
        beside, below = row[: len(widths)], zip(header, row, folds, strict=True)
        lines += _beside(beside, widths, folds) if any(beside) else []
        lines += _below(list(below)[len(widths) :], room or 0)
    return "\n".join(line.rstrip() for line in lines)


def _least(
    grid: Sequence[Sequence[str]], widths: Sequence[int], folds: Sequence[bool], room: int
) -> list[int]:
    """What each column takes at least: a text its longest word, unless that fits nowhere."""
    least = list(widths)
    for n, column in enumerate(zip(*grid, strict=True)):
        if folds[n]:
            words = (width(word) for cell in column for _, word in pieces(cell))
            longest = max((w for w in words if w <= room - len(INDENT)), default=0)
            least[n] = min(widths[n], max(LEAST, longest))
    return least


def _fitted(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widths of the columns that stand beside each other; the widest text gives way."""
    shown = len(widths)
    while shown > 1 and _total(least[:shown]) > room:
        shown -= 1
    fitted = list(widths[:shown])
    while _total(fitted) > room and fitted != list(least[:shown]):
        fitted[max(range(shown), key=lambda n: (fitted[n] > least[n], fitted[n]))] -= 1
    return fitted


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _beside(row: Sequence[str], widths: Sequence[int], folds: Sequence[bool]) -> list[str]:
    """The lines of the first cells of a row, as many as there are widths."""
    cells = zip(row, widths, folds, strict=False)
    columns = [folded(cell, w) if fold else [cell] for cell, w, fold in cells]
    return [
        "  ".join(cell + " " * (w - width(cell)) for cell, w in zip(line, widths, strict=True))
        for line in zip_longest(*columns, fillvalue="")
    ]


def _below(cells: Sequence[tuple[str, str, bool]], room: int) -> list[str]:
    """The lines of the other cells: (name of the column, cell, whether it may be folded)."""
    told = [
        (f"{name}: {cell}", fold and not cell.startswith(COMMAND))
        for name, cell, fold in cells
        if cell
    ]
    parts: list[tuple[str, str]] = []
    for n, (text, fold) in enumerate(told, 1):
        ended = text + (";" if n < len(told) else "")
        parts += pieces(ended) if fold else [(" ", ended)]
    return [INDENT + line for line in packed(parts, room - len(INDENT))] if parts else []


def printable(text: str) -> str:
    r"""Text that can be printed anywhere: control characters and broken UTF-8 as escapes.

    Example:
        >>> printable("a\nb\u202ec")
        'a\\nb\\u202ec'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
