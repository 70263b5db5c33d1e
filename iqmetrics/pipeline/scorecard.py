"""Outcomes -> Scorecard: per model and metric the mean, its interval, and how much was measured."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.pipeline.packed import Packer
from iqmetrics.pipeline.uncollected import uncollected
from iqmetrics.records import YES_NO, Aggregate, Cell, Metric, Reading, Scorecard


@dataclass
class _Column:
    """The values of one metric of one model, and the statuses of the images without one."""

    values: "array[float]" = field(default_factory=lambda: array("d"))
    prompts: list[str] = field(default_factory=list)
    coverage: Counter[str] = field(default_factory=Counter)


class Builder:
    """Aggregates outcomes by model and metric; an undecoded image counts by its status."""

    def __init__(self, scorers: Sequence[ScorerFacts]) -> None:
        self._models: dict[str, dict[str, _Column]] = defaultdict(lambda: defaultdict(_Column))
        self._cells: list[Cell] = []
        self._tags: dict[str, tuple[str, ...]] = {}
        self._shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._pack = Packer()
        self._owners = {m.name: (scorer, m) for scorer in scorers for m in scorer.metrics}
        self._per_image = [n for n, (scorer, _) in self._owners.items() if scorer.scope == "image"]
        self._versions = {s.name: s.full_version for s in scorers}

    def add(self, outcome: Outcome) -> None:
        """Count one image or set."""
        columns, record = self._models[outcome.model], outcome.record
        if outcome.problem:
            for metric in self._per_image:
                columns[metric].coverage[outcome.problem.status] += 1
        for reading in outcome.readings.values():
            _count(columns, outcome.prompt_id, reading)
        self._cells.append(_cell(outcome, self._shared, self._pack))
        if record and record.tags:
            met = self._tags.get(outcome.prompt_id, ())
            self._tags[outcome.prompt_id] = tuple(sorted({*met, *record.tags}))

    def scorecard(self) -> Scorecard:
        """The scorecard of all that was added."""
        rows = [
            _aggregate(model, *self._owners[name], columns[name])
            for model, columns in sorted(self._models.items())
            for name in self._owners
            if name in columns
        ]
        cells = tuple(self._cells)
        return Scorecard(tuple(rows), cells, self._versions, DECODE_POLICY, self._tags)


@uncollected()
def build(outcomes: Iterable[Outcome], scorers: Sequence[ScorerFacts]) -> Scorecard:
    """The scorecard of these outcomes."""
    builder = Builder(scorers)
    for outcome in outcomes:
        builder.add(outcome)
    return builder.scorecard()


def _count(columns: Mapping[str, _Column], prompt_id: str, reading: Reading) -> None:
    for metric, value in reading.values.items():
        column = columns[metric]
        column.values.append(value)
        column.prompts.append(prompt_id)
    for metric, missing in reading.missing.items():
        columns[metric].coverage[missing.status] += 1


def _cell(
    outcome: Outcome, shared: dict[tuple[tuple[str, str], ...], dict[str, str]], pack: Packer
) -> Cell:
    """One cell; the same lack of values in many cells is held once, in `shared`."""
    record = outcome.record
    readings = outcome.readings.values()
    missing = {name: m.status for reading in readings for name, m in reading.missing.items()}
    if outcome.problem:
        missing = {"image": outcome.problem.status}
    return Cell(
        model=outcome.model,
        prompt_id=outcome.prompt_id,
        seed=record.seed if record else None,
        pick=record.pick if record else None,
        image=record.image if record else "",
        values=pack({n: value for reading in readings for n, value in reading.values.items()}),
        missing=shared.setdefault(tuple(missing.items()), missing),
    )


def _aggregate(model: str, scorer: ScorerFacts, metric: Metric, column: _Column) -> Aggregate:
    mean, low, high, prompts = _interval(metric, column)
    ok = {"ok": len(column.values)} if column.values else {}
    return Aggregate(
        model=model,
        metric=metric.name,
        scorer=scorer.name,
        scorer_version=scorer.full_version,
        unit=metric.unit,
        better=metric.better,
        mean=mean,
        low=low,
        high=high,
        images=len(column.values),
        prompts=prompts,
        coverage=dict(sorted({**ok, **column.coverage}.items())),
    )


def _interval(
    metric: Metric, column: _Column
) -> tuple[float | None, float | None, float | None, int]:
    if not column.values:
        return None, None, None, 0
    import numpy as np

    from iqmetrics.stats import means

    interval = means.rate_interval if metric.unit == YES_NO else means.cluster_interval
    names, clusters = np.unique(np.array(column.prompts), return_inverse=True)
    mean, low, high = interval(np.frombuffer(column.values), clusters)
    return mean, low, high, len(names)


def by_metric(card: Scorecard) -> Mapping[str, Mapping[str, Aggregate]]:
    """The rows as metric -> model -> row, in the order of the scorecard."""
    table: dict[str, dict[str, Aggregate]] = {}
    for row in card.rows:
        table.setdefault(row.metric, {})[row.model] = row
    return table
