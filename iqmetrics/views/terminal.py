"""The scorecard as text for a terminal: one line a metric, one column a model."""

from collections import Counter
from collections.abc import Mapping, Sequence

from iqmetrics.folding import folded, width
from iqmetrics.pipeline.scorecard import by_metric
from iqmetrics.records import Aggregate, Scorecard
from iqmetrics.render import interval, mean, printable, table
from iqmetrics.views import axes

_ARROW = {"higher": "up", "lower": "down", "neither": ""}
MOST_COLUMNS = 4
Measured = Mapping[str, Mapping[str, Aggregate]]
"""Metric -> model -> what was measured."""


def scorecard(card: Scorecard, room: int | None = None) -> str:
    """A table of what was measured, then what nowhere has a value: one line a scorer and reason.

    Metrics of several axes stand under the names of these. An entry is `mean [95 % interval]
    n=images`, or `n=measured/all` where some have no value. Models stand below each other where
    they are many, or wider than the `room` columns of the terminal.
    """
    measured: dict[str, Mapping[str, Aggregate]] = {}
    silent: dict[tuple[str, str], list[str]] = {}
    for name, rows in by_metric(card).items():
        if any(row.images for row in rows.values()):
            measured[name] = rows
        else:
            total = sum((Counter(row.coverage) for row in rows.values()), Counter[str]())
            why = ", ".join(f"{n} {status}" for status, n in sorted(total.items()))
            silent.setdefault((next(iter(rows.values())).scorer, why), []).append(name)
    lines = [_table(measured, card.models, room) or "Nothing was measured."]
    if silent:
        told = [f"{', '.join(names)}: {why}" for (_, why), names in silent.items()]
        if room is not None:
            told = [line for text in told for line in folded(text, room - 2)]
        lines += ["", "Without any value:", *(f"  {line}" for line in told)]
    return "\n".join(lines)


def _table(measured: Measured, models: Sequence[str], room: int | None) -> str:
    """Models side by side where they fit."""
    if len(models) == 1:
        return _columns(measured, models, room)
    shown = _columns(measured, models) if len(models) <= MOST_COLUMNS else ""
    widest = max(map(width, shown.splitlines()), default=0)
    fits = room is None or widest <= room
    return shown if shown and fits else _lines(measured, models, room)


def _columns(measured: Measured, models: Sequence[str], room: int | None = None) -> str:
    """One line a metric, one column a model."""
    header = ["metric", "better", *(_name(model) for model in models)]
    body: list[list[str]] = []
    for axis, metrics in _axes(measured).items():
        body += [[axis, *[""] * (len(header) - 1)]] if axis else []
        for metric in metrics:
            rows = measured[metric]
            entries = [entry(rows.get(model)) for model in models]
            body.append([metric, _ARROW[next(iter(rows.values())).better], *entries])
    return table(header, body, room)


def _lines(measured: Measured, models: Sequence[str], room: int | None) -> str:
    """One block a metric, one line a model: for more models than fit side by side."""
    body: list[list[str]] = []
    for axis, metrics in _axes(measured).items():
        body += [[axis, "", "", ""]] if axis else []
        for metric in metrics:
            rows = measured[metric]
            better = _ARROW[next(iter(rows.values())).better]
            shown = [model for model in models if model in rows]
            firsts = [metric, *[""] * (len(shown) - 1)]
            body += [
                [first, better, _name(m), entry(rows[m])]
                for first, m in zip(firsts, shown, strict=True)
            ]
    return table(["metric", "better", "model", "mean"], body, room)


def _axes(measured: Measured) -> Mapping[str, Sequence[str]]:
    """`[axis]` -> its metrics; one axis alone needs no name."""
    pairs = ((metric, next(iter(rows.values())).scorer) for metric, rows in measured.items())
    found = axes.grouped(pairs)
    if len(found) == 1:
        return {"": list(measured)}
    return {f"[{axis}]": metrics for axis, metrics in found.items()}


def _name(model: str) -> str:
    return printable(model) or "(no model)"


def entry(row: Aggregate | None) -> str:
    """`mean [95 % interval] n=measured/all` of one model, "-" where nothing was measured."""
    if row is None or row.mean is None:
        return "-"
    total = sum(row.coverage.values())
    count = f"n={row.images}" + ("" if row.images == total else f"/{total}")
    told = (mean(row.mean, row.unit), interval(row.low, row.high, row.unit), count)
    return " ".join(part for part in told if part)
