"""How a number and a table are printed, once."""

from collections.abc import Callable, Sequence
from math import floor, log10

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


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell; wide characters (Chinese) count twice."""
    if not rows:
        return ""
    grid = [header, *rows]
    widths = [max(_width(row[i]) for row in grid) for i in range(len(header))]
    lines = [
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True))
        for row in grid
    ]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def printable(text: str) -> str:
    r"""Text that can be printed anywhere: control characters and broken UTF-8 as escapes.

    Example:
        >>> printable("a\nb\u202ec")
        'a\\nb\\u202ec'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
