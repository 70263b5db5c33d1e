"""The last lines of `iqm score`: what was seen, what was not, and where the results are."""

from collections import Counter
from pathlib import Path
from typing import Any

from iqmetrics.folding import prose, width
from iqmetrics.metadata.walk import RESULTS
from iqmetrics.render import count, printable

NOTES = 5
OWN = (RESULTS, "hidden folder")


def summary(result: Any, folder: Path, room: int | None = None) -> str:
    """Images, images without a prompt, what was unavailable and its command, where results are.

    `room`: the columns of the terminal, where it goes to one.
    """
    run = result.run
    total, bad = len(run.records), Counter(m.status for m in run.decode_problems.values())
    models = len({r.model for r in run.records})
    lines = [f"{count(total, 'image')} of {count(models, 'model')}"]
    if bare := sum(r.prompt is None for r in run.records):
        lines.append(f"{bare} without a prompt (give them with --prompts FILE)")
    if bad:
        kinds = ", ".join(f"{n} {status}" for status, n in sorted(bad.items()))
        image, why = min(run.decode_problems.items())
        first = f"{printable(image)} ({printable(why.reason)})"
        lines.append(f"not decoded: {kinds}; {'it is' if bad.total() == 1 else 'one is'} {first}")
    skipped = {kind: n for kind, n in result.index.skipped.items() if kind not in OWN}
    lines += [f"skipped as {kind}: {n}" for kind, n in sorted(skipped.items())]
    notes = [printable(note) for note in result.index.notes]
    lines += [f"note: {note}" for note in notes[:NOTES]]
    if len(notes) > NOTES:
        lines.append(f"and {len(notes) - NOTES} more notes, all in run.json")
    lines += [f"{scorer} is unavailable: {why}" for scorer, why in sorted(run.unavailable.items())]
    if result.interrupted:
        lines.append("Interrupted: run the same command again to go on.")
    ends = where(room, f"Results are in {folder},", f"the report is {folder / 'report.html'}")
    return "\n".join([*(prose(line, room) for line in lines), ends])


def where(room: int | None, *told: str) -> str:
    """Sentences that end in a path, which is never broken: below each other where they must be."""
    line = " ".join(told)
    return line if room is None or width(line) <= room else "\n".join(told)
