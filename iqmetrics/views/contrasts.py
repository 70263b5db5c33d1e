"""A comparison as text: one line a metric, then what could not be compared."""

from iqmetrics.pipeline.compare import Comparison, Contrast
from iqmetrics.render import interval, number, printable, table

_SILENT = ("refused", "not measured")


def text(found: Comparison) -> str:
    """The table of a comparison."""
    base, other = printable(found.baseline), printable(found.candidate)
    header = [f"{other} is", "metric", base, other, "difference", "95 %", "margin", "wins", "n"]
    lines = [f"{other} against {base}", ""]
    judged = [c for c in found.contrasts if c.answer not in _SILENT]
    lines.append(
        table(header, [_row(c) for c in judged]) if judged else "Nothing could be compared."
    )
    lines += [
        f"{c.metric}: {c.answer}, {c.reason}" for c in found.contrasts if c.answer == "refused"
    ]
    if found.pairing.by_pick:
        lines.append(f"{found.pairing.by_pick} prompts have no seed in common: paired by pick.")
    if found.pairing.unmatched:
        lines.append(f"{len(found.pairing.unmatched)} without a partner, left out:")
        lines += [f"  {printable(line)}" for line in found.pairing.unmatched[:10]]
        if (more := len(found.pairing.unmatched) - 10) > 0:
            lines.append(f"  and {more} more")
    return "\n".join(lines)


def _row(c: Contrast) -> list[str]:
    answer = c.answer + (f", about {c.needed} prompts needed" if c.needed else "")
    wins = "" if c.win_rate is None else f"{100 * c.win_rate:.0f} %"
    count = f"{c.pairs} pairs, {c.prompts} prompts" + (f", {c.lost} lost" if c.lost else "")
    return [
        answer, c.metric, number(c.baseline), number(c.candidate), number(c.difference),
        interval(c.low, c.high), number(c.margin), wins, count,
    ]  # fmt: skip
