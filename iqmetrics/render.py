"""How a number and a table are printed, once."""

from collections.abc import Sequence


def number(value: float | None) -> str:
    """Four significant digits without exponent; a missing value is an empty string.

    Example:
        >>> number(0.123456), number(31.41592), number(1024.0), number(-0.00001), number(None)
        ('0.1235', '31.42', '1024', '-0.00001', '')
    """
    if value is None:
        return ""
    if value == 0:
        return "0"
    text = f"{value:.4g}"
    if "e" in text:
        text = f"{value:.0f}" if abs(value) > 1 else f"{value:.10f}".rstrip("0").rstrip(".")
    return text or "0"


def interval(low: float | None, high: float | None) -> str:
    """`[low, high]`, or an empty string where there is none."""
    return f"[{number(low)}, {number(high)}]" if low is not None and high is not None else ""


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
