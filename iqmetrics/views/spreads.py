"""The spread of a scorecard as text."""

from iqmetrics.folding import prose
from iqmetrics.pipeline.spread import MIN_IMAGES, VARIANT, Spread, spreads, usable_per_hour
from iqmetrics.records import Scorecard
from iqmetrics.render import count, difference, number, printable, table

_HEADER = ("metric", "model", "best of N - mean", "N", "outliers", "prompt sensitivity")
_TAKES = (
    "best of N takes two images of a prompt and a better direction, "
    f"outliers {MIN_IMAGES} images, sensitivity prompts in variants (id{VARIANT}caps)."
)


def text(card: Scorecard, room: int | None = None) -> str:
    """A table, one line a metric and model, and usable images per hour where latency is known.

    Metrics of which nothing can be told have no lines; one sentence says what it takes. `room`:
    the columns of the terminal, where it goes to one.
    """
    found = sorted(spreads(card), key=lambda s: (s.metric, s.model))
    told = {s.metric for s in found if _told(s)}
    silent = len({s.metric for s in found} - told)
    rows = [
        [
            s.metric,
            printable(s.model) or "(no model)",
            difference(s.best_gain, s.unit) or "-",
            number(s.best_of) or "-",
            "-" if s.outliers is None else f"{100 * s.outliers:.1f} %",
            "-" if s.sensitivity is None else f"{s.sensitivity:.1f} % of {s.variants} pairs",
        ]
        for s in found
        if s.metric in told
    ]
    lines = [table(_HEADER, rows, room)] if rows else []
    if silent:
        lines.append(prose(f"No spread of {count(silent, 'metric')}: {_TAKES}", room))
    if not found:
        lines.append("No image has a value.")
    for model, (rate, images) in sorted(usable_per_hour(card).items()):
        name = printable(model) or "(no model)"
        lines.append(f"{name}: {rate:.0f} usable images an hour, one at a time (n={images})")
    return "\n".join(lines)


def _told(spread: Spread) -> bool:
    return not spread.best_gain is spread.outliers is spread.sensitivity is None
