"""The scorecard as text for a terminal: one line a metric, one column a model."""

from collections import Counter

from iqmetrics.pipeline.scorecard import by_metric
from iqmetrics.records import Aggregate, Scorecard
from iqmetrics.render import interval, number, printable, table

_ARROW = {"higher": "up", "lower": "down", "neither": ""}


def scorecard(card: Scorecard) -> str:
    """A table of what was measured, then one line for each metric that nowhere has a value.

    An entry is `mean [95 % interval] n=images`, or `n=measured/all` where some have no value.
    """
    header = ["metric", "better", *(printable(model) or "(no model)" for model in card.models)]
    body, silent = [], []
    for name, rows in by_metric(card).items():
        if any(row.images for row in rows.values()):
            better = _ARROW[next(iter(rows.values())).better]
            body.append([name, better, *(_entry(rows.get(model)) for model in card.models)])
        else:
            total = sum((Counter(row.coverage) for row in rows.values()), Counter[str]())
            silent.append(f"{name}: " + ", ".join(f"{n} {s}" for s, n in sorted(total.items())))
    lines = [table(header, body) if body else "Nothing was measured."]
    if silent:
        lines += ["", "Without any value:", *(f"  {line}" for line in silent)]
    return "\n".join(lines)


def _entry(row: Aggregate | None) -> str:
    if row is None or row.mean is None:
        return "-"
    total = sum(row.coverage.values())
    count = f"n={row.images}" + ("" if row.images == total else f"/{total}")
    return " ".join(part for part in (number(row.mean), interval(row.low, row.high), count) if part)
