"""A comparison as text: one line a metric, then what could not be compared."""

from collections.abc import Sequence

from iqmetrics.folding import prose
from iqmetrics.pipeline import compare
from iqmetrics.pipeline.compare import Change, Comparison, Contrast
from iqmetrics.render import about, count, difference, interval, printable, share, table

_SILENT = ("refused", "not measured")


WORST = 5


def by_tag(found: Comparison, room: int | None = None) -> str:
    """One table a tag; many tags are many looks, so a single surprise among them is no proof."""
    if not found.by_tag:
        return prose("No prompt has a tag (a suite or a --prompts file gives them).", room)
    parts = []
    for tag, contrasts in found.by_tag.items():
        judged = [c for c in contrasts if c.answer not in _SILENT]
        shown = _table(found, judged, room) or "Nothing in common."
        parts.append(f"{printable(tag)}\n{shown}")
    return "\n\n".join(parts)


def by_prompt(found: Comparison, room: int | None = None) -> str:
    """The prompts that lost most, by metric: where to look, not what to conclude."""
    changes: dict[str, list[Change]] = {}
    units = {c.metric: c.unit for c in found.contrasts}
    for change in compare.by_prompt(found):
        changes.setdefault(change.metric, []).append(change)
    rows = [
        [name, printable(c.prompt_id), *_both(c, units[name]), str(c.pairs)]
        for name, found_ in changes.items()
        for c in found_[:WORST]
    ]
    base, other = printable(found.baseline), printable(found.candidate)
    shown = table(["metric", "prompt", base, other, "pairs"], rows, room) or "Nothing in common."
    title = f"{WORST} prompts of each metric, largest loss first (--json has all)"
    return f"{prose(title, room)}\n{shown}"


def text(found: Comparison, room: int | None = None) -> str:
    """The table of a comparison; `room`: the columns of the terminal, where it goes to one."""
    base, other = printable(found.baseline), printable(found.candidate)
    title = prose(f"{other} against {base}", room)
    judged = [c for c in found.contrasts if c.answer not in _SILENT]
    shown = _table(found, judged, room) or "Nothing could be compared."
    lines = [
        f"{c.metric}: {c.answer}, {c.reason}" for c in found.contrasts if c.answer == "refused"
    ]
    if found.pairing.by_pick:
        lines.append(f"{found.pairing.by_pick} prompts have no seed in common: paired by pick.")
    if found.pairing.unmatched:
        lines.append(f"{len(found.pairing.unmatched)} without a partner, left out:")
        lines += [f"  {printable(line)}" for line in found.pairing.unmatched[:10]]
        if (more := len(found.pairing.unmatched) - 10) > 0:
            lines.append(f"  and {more} more")
    return "\n".join([title, "", shown, *(prose(line, room) for line in lines)])


def _table(found: Comparison, judged: Sequence[Contrast], room: int | None) -> str:
    base, other = printable(found.baseline), printable(found.candidate)
    answer = f"{other} is"
    header = [answer, "metric", base, other, "difference", "95 %", "margin", "wins", "n"]
    return table(header, [_row(c) for c in judged], room, [answer])


def _both(c: Contrast | Change, unit: str) -> tuple[str, str]:
    return share(c.baseline, unit), share(c.candidate, unit)


def _row(c: Contrast) -> list[str]:
    answer = c.answer + (f", {about(c.needed, 'prompt')} needed" if c.needed else "")
    wins = "" if c.win_rate is None else f"{100 * c.win_rate:.0f} %"
    pairs = f"{count(c.pairs, 'pair')}, {count(c.prompts, 'prompt')}"
    pairs += f", {c.lost} lost" if c.lost else ""
    return [
        answer, c.metric, *_both(c, c.unit), difference(c.difference, c.unit),
        interval(c.low, c.high, c.unit, difference), difference(c.margin, c.unit), wins, pairs,
    ]  # fmt: skip
