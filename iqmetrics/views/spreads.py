"""The spread of a scorecard as text."""

from iqmetrics.pipeline.spread import spreads, usable_per_hour
from iqmetrics.records import Scorecard
from iqmetrics.render import difference, number, printable, table

_HEADER = ("metric", "model", "best of N - mean", "N", "outliers", "prompt sensitivity")


def text(card: Scorecard) -> str:
    """A table, one line a metric and model, and usable images per hour where latency is known."""
    rows = [
        [
            s.metric,
            printable(s.model) or "(no model)",
            difference(s.best_gain, s.unit) or "-",
            number(s.best_of) or "-",
            "-" if s.outliers is None else f"{100 * s.outliers:.1f} %",
            "-" if s.sensitivity is None else f"{s.sensitivity:.1f} % of {s.variants} pairs",
        ]
        for s in sorted(spreads(card), key=lambda s: (s.metric, s.model))
    ]
    lines = [table(_HEADER, rows) if rows else "No image has a value."]
    for model, (rate, images) in sorted(usable_per_hour(card).items()):
        name = printable(model) or "(no model)"
        lines.append(f"{name}: {rate:.0f} usable images an hour, one at a time (n={images})")
    return "\n".join(lines)
