"""Two models on the same prompts: better, worse, tied, or too few images to tell.

Every metric is judged on differences paired by prompt and seed, averaged within a prompt, with a
95 % interval over prompts. *tied* means: the whole interval is smaller than the margin, a
difference that does not matter. *too few* comes with the number of prompts that would settle it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.pipeline.pairing import Pairing, pair
from iqmetrics.records import Aggregate, Better, Cell, Scorecard
from iqmetrics.stats import paired

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Answer = Literal["better", "worse", "differs", "tied", "too few", "not measured", "refused"]

SMALL_EFFECT = 0.2
"""Default margin in standard deviations of the baseline's images (Cohen's small effect, 1988)."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One metric of the candidate against the baseline.

    `difference` is candidate minus baseline with its 95 % interval `low`..`high`; `win_rate` is
    the share of prompts where the candidate is the better one, ties counting half. `needed` is the
    number of prompts that would settle a "too few". `pairs` images were compared; `lost` had no
    value on one side.
    """

    metric: str
    better: Better
    answer: Answer
    reason: str = ""
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    win_rate: float | None = None
    prompts: int = 0
    pairs: int = 0
    lost: int = 0
    needed: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All contrasts of two models, and what could not be paired."""

    baseline: str
    candidate: str
    contrasts: tuple[Contrast, ...]
    pairing: Pairing
    by_tag: Mapping[str, tuple[Contrast, ...]] = field(default_factory=dict)
    """The same contrasts on the prompts of each tag alone."""


def compare(
    base: Scorecard,
    base_model: str,
    other: Scorecard,
    other_model: str,
    margins: Mapping[str, float] | None = None,
) -> Comparison:
    """Compare a model of one scorecard with a model of the same or another scorecard.

    Raises:
        UnknownName: a model is not in its scorecard, or a margin names an unknown metric.
        BadInput: the two have no prompt in common.
    """
    pairing = pair(cells_of(base, base_model), cells_of(other, other_model))
    if not pairing.pairs:
        raise BadInput(
            f"{base_model!r} and {other_model!r} have no prompt in common",
            "Compare models that were given the same prompts",
        )
    rows = {row.metric: row for row in base.rows if row.model == base_model}
    theirs = {row.metric: row for row in other.rows if row.model == other_model}
    for name in margins or {}:
        if name not in rows:
            raise UnknownName("metric", name, rows)

    def contrasts(some: Pairing) -> tuple[Contrast, ...]:
        return tuple(
            contrast(row, theirs.get(name), some, (margins or {}).get(name))
            for name, row in rows.items()
        )

    by_tag = {
        tag: contrasts(Pairing([two for two in pairing.pairs if two[0].prompt_id in prompts], ()))
        for tag, prompts in _tagged(base, other).items()
    }
    return Comparison(base_model, other_model, contrasts(pairing), pairing, by_tag)


def _tagged(*cards: Scorecard) -> dict[str, set[str]]:
    """Tag -> its prompts, sorted by tag."""
    prompts: dict[str, set[str]] = defaultdict(set)
    for card in cards:
        for prompt_id, tags in card.tags.items():
            for tag in tags:
                prompts[tag].add(prompt_id)
    return dict(sorted(prompts.items()))


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one prompt: the means of its pairs on both sides; one prompt has no test."""

    metric: str
    prompt_id: str
    baseline: float
    candidate: float
    pairs: int
    worse: float
    """How much worse the candidate is, negative if better; the distance without a direction."""


def by_prompt(found: Comparison) -> list[Change]:
    """Every metric of every prompt, the largest loss of each metric first."""
    changes = []
    for judged in found.contrasts:
        name, prompts = judged.metric, defaultdict[str, list[tuple[float, float]]](list)
        if judged.pairs == 0:
            continue
        for a, b in found.pairing.pairs:
            if name in a.values and name in b.values:
                prompts[a.prompt_id].append((a.values[name], b.values[name]))
        rows = [_change(judged, prompt, pairs) for prompt, pairs in prompts.items()]
        changes += sorted(rows, key=lambda change: -change.worse)
    return changes


def _change(judged: Contrast, prompt: str, pairs: Sequence[tuple[float, float]]) -> Change:
    ours, theirs = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
    gain = theirs - ours
    worse = {"higher": -gain, "lower": gain, "neither": abs(gain)}[judged.better]
    return Change(judged.metric, prompt, ours, theirs, len(pairs), worse)


def cells_of(card: Scorecard, model: str) -> list[Cell]:
    """The cells of one model."""
    if model not in card.models:
        raise UnknownName("model", model, card.models)
    return [cell for cell in card.cells if cell.model == model]


def contrast(
    row: Aggregate, other: Aggregate | None, pairing: Pairing, margin: float | None
) -> Contrast:
    """One metric, judged on the pairs that have it on both sides."""
    name = row.metric
    if other is None:
        return Contrast(name, row.better, "refused", "the candidate was not scored with it")
    if other.scorer_version != row.scorer_version:
        versions = f"{row.scorer} {row.scorer_version} against {other.scorer_version}"
        return Contrast(name, row.better, "refused", f"scored by different versions: {versions}")
    whole = [two for two in pairing.pairs if name in two[0].values and name in two[1].values]
    lost = sum(name in {**a.values, **a.missing} for a, _ in pairing.pairs) - len(whole)
    if not whole:
        return Contrast(
            name, row.better, "not measured", "no pair has a value on both sides", lost=lost
        )
    ours, theirs, spread = _prompt_means(name, whole)
    margin = SMALL_EFFECT * spread if margin is None else margin
    found = paired.effect(theirs - ours, alpha=0.025)
    answer = _answer(found, margin, row.better)
    return Contrast(
        metric=name,
        better=row.better,
        answer=answer,
        baseline=float(ours.mean()),
        candidate=float(theirs.mean()),
        difference=found.mean,
        low=found.low,
        high=found.high,
        margin=margin,
        win_rate=_win_rate(theirs - ours, row.better),
        prompts=found.prompts,
        pairs=len(whole),
        lost=lost,
        needed=_needed(found, margin, theirs - ours) if answer == "too few" else None,
        unit=row.unit,
    )


def _prompt_means(
    name: str, pairs: Sequence[tuple[Cell, Cell]]
) -> "tuple[NDArray[np.float64], NDArray[np.float64], float]":
    """Mean of each prompt on both sides, and the standard deviation of the baseline's images."""
    import numpy as np

    prompts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for a, b in pairs:
        prompts[a.prompt_id].append((a.values[name], b.values[name]))
    means = np.array([np.mean(values, axis=0) for values in prompts.values()])
    images = np.array([a.values[name] for a, _ in pairs])
    return means[:, 0], means[:, 1], float(images.std(ddof=1)) if len(images) > 1 else 0.0


def _answer(found: paired.Effect, margin: float, better: Better) -> Answer:
    if found.low is None or found.high is None:
        return "too few"
    if -margin <= found.low and found.high <= margin:
        return "tied"
    if found.low > 0 or found.high < 0:
        if better == "neither":
            return "differs"
        return "better" if (found.low > 0) == (better == "higher") else "worse"
    return "too few"


def _needed(found: paired.Effect, margin: float, differences: "NDArray[np.float64]") -> int | None:
    """Prompts to tell a tie from a difference as large as the margin; None without any margin."""
    if margin <= 0 or found.prompts < 2:
        return None
    skew = -abs(paired.skewness(differences))  # a tie has two sides
    return max(found.prompts + 1, paired.prompts_needed(found.sd, margin, alpha=0.025, skew=skew))


def _win_rate(differences: "NDArray[np.float64]", better: Better) -> float | None:
    if better == "neither":
        return None
    sign = 1 if better == "higher" else -1
    return float(((sign * differences > 0) + 0.5 * (differences == 0)).mean())
