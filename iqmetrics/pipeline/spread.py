"""How much luck is in a model: best of N, outliers, prompt sensitivity, usable images per hour.

All from the cells of a scorecard, so nothing is scored again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from iqmetrics.records import Better, Cell, Scorecard

VARIANT = "~"
"""A prompt id `cat~caps` is a variant (reworded, other case, other order) of the prompt `cat`."""
MIN_IMAGES = 20
"""Fewer images have no outlier share: their quartiles are too unsure."""
LATENCY = "run.latency_s"


@dataclass(frozen=True, slots=True)
class Spread:
    """One metric of one model.

    `best_gain` is the best image of a prompt minus the mean of its images, turned so that a gain is
    positive, over the prompts with at least two images (`best_of` images on average). `outliers` is
    the share of images beyond Tukey's fences (1.5 interquartile ranges) on the worse side, or on
    both for a metric without direction. `sensitivity` is the mean absolute change under the
    variants of a prompt at the same seed, in % of the mean absolute value without variants, over
    `variants` pairs. None where it cannot be told.
    """

    model: str
    metric: str
    better: Better
    unit: str
    best_gain: float | None
    best_of: float | None
    outliers: float | None
    sensitivity: float | None
    variants: int


def spreads(card: Scorecard) -> list[Spread]:
    """One row a model and metric that has values on images, in the order of the scorecard."""
    found = []
    for row in card.rows:
        cells = [c for c in card.cells if c.model == row.model and c.image]
        cells = [c for c in cells if row.metric in c.values]
        if not cells:
            continue
        plain = [cell for cell in cells if VARIANT not in cell.prompt_id]
        gain, count = _best(plain, row.metric, row.better)
        change, variants = _sensitivity(cells, row.metric)
        values = [cell.values[row.metric] for cell in plain]
        found.append(
            Spread(
                row.model,
                row.metric,
                row.better,
                row.unit,
                gain,
                count,
                _outliers(values, row.better),
                change,
                variants,
            )
        )
    return found


def usable_per_hour(card: Scorecard) -> Mapping[str, tuple[float, int]]:
    """Model -> (usable images an hour, images behind it): one image after another, by latency.

    Only models with images that have both `usable` and `run.latency_s`.
    """
    sums: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for cell in card.cells:
        if "usable" in cell.values and LATENCY in cell.values:
            sums[cell.model].append((cell.values["usable"], cell.values[LATENCY]))
    return {
        model: (3600 * sum(u for u, _ in pairs) / seconds, len(pairs))
        for model, pairs in sums.items()
        if (seconds := sum(s for _, s in pairs)) > 0
    }


def _best(
    cells: Iterable[Cell], metric: str, better: Better
) -> tuple[float, float] | tuple[None, None]:
    prompts: dict[str, list[float]] = defaultdict(list)
    for cell in cells:
        prompts[cell.prompt_id].append(cell.values[metric])
    several = [values for values in prompts.values() if len(values) > 1]
    if not several or better == "neither":
        return None, None
    pick = max if better == "higher" else min
    gains = [abs(pick(values) - sum(values) / len(values)) for values in several]
    return sum(gains) / len(gains), sum(map(len, several)) / len(several)


def _outliers(values: Sequence[float], better: Better) -> float | None:
    if len(values) < MIN_IMAGES:
        return None
    import numpy as np

    found = np.array(values)
    low, high = np.quantile(found, [0.25, 0.75])
    reach = 1.5 * (high - low)
    below, above = found < low - reach, found > high + reach
    outside = {"higher": below, "lower": above, "neither": below | above}[better]
    return float(outside.mean())


def _sensitivity(cells: Iterable[Cell], metric: str) -> tuple[float | None, int]:
    places: dict[tuple[str, int | None], float] = {}
    variants: list[tuple[str, int | None, float]] = []
    for cell in cells:
        seed = cell.pick if cell.seed is None else cell.seed
        base, _, variant = cell.prompt_id.partition(VARIANT)
        if variant:
            variants.append((base, seed, cell.values[metric]))
        else:
            places[base, seed] = cell.values[metric]
    pairs = [(value, places[base, s]) for base, s, value in variants if (base, s) in places]
    size = sum(abs(before) for _, before in pairs)
    if not pairs or size == 0:
        return None, len(pairs)
    return 100 * sum(abs(after - before) for after, before in pairs) / size, len(pairs)
