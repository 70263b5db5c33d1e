"""Images + scorers -> store -> scorecard: the main job.

`score` finds out what is known of each image, scores whatever the store does not hold yet, and
answers a `Result`. Nothing already computed is ever lost: every outcome is committed within a
second, a second run does only what is missing, and ^C leaves a valid scorecard of what was done.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.images import Picture
from iqmetrics.pipeline import engine, in_memory, pending, scorecard, usable
from iqmetrics.pipeline.index import Index, Listing, index
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Outcome, Run, outcomes
from iqmetrics.pipeline.places import placed
from iqmetrics.pipeline.progress import Progress, Silent
from iqmetrics.pipeline.settings import Settings
from iqmetrics.pipeline.targets import look
from iqmetrics.pipeline.uncollected import settled
from iqmetrics.records import ImageRecord, Reading, Scorecard
from iqmetrics.render import count
from iqmetrics.scorers import base
from iqmetrics.store import Store

if TYPE_CHECKING:
    import pandas as pd

STORE = "scores.sqlite"
ALL = 10**9
"""More characters than any evidence has: SQLite's own limit of one text."""


@dataclass(frozen=True, repr=False)
class Result:
    """What a run found: its images with all readings, and the scorecard over them."""

    run: Run
    store: Store
    index: Index
    interrupted: bool = False
    device: str = field(default="cpu")
    _judged: list[Scorecard] = field(default_factory=list, init=False, repr=False, compare=False)
    """The scorecard, once all outcomes were met."""

    def __repr__(self) -> str:
        """What a shell shows: the size, not every image."""
        images, models = self.run.records, {record.model for record in self.run.records}
        told = f"{count(len(images), 'image')} of {count(len(models), 'model')}"
        names = ", ".join(scorer.name for scorer in self.run.scorers)
        return f"<Result: {told}, scored by {names}{', interrupted' if self.interrupted else ''}>"

    def outcomes(self, evidence: int = 0) -> Iterator[Outcome]:
        """Every image in order, then every set; `evidence`: characters of it to read at most."""
        found = outcomes(self.store, self.run, evidence)
        derived = len(self.scorers) > len(self.run.scorers)
        return usable.extend(found, self.run.rule, self.run.scorers) if derived else found

    @cached_property
    def scorers(self) -> tuple[ScorerFacts, ...]:
        """The scorers of the run, and what is derived from them by the preset's rule."""
        measured = [metric.name for scorer in self.run.scorers for metric in scorer.metrics]
        return (*self.run.scorers, *self.run.rule.facts(measured))

    @property
    def scorecard(self) -> Scorecard:
        """Per model and metric: mean, interval, coverage."""
        if not self._judged:
            self._judged.append(scorecard.build(self.outcomes(), self.scorers))
        return self._judged[0]

    def judged(self, evidence: int = 0) -> Iterator[Outcome]:
        """Like `outcomes`; once it is used up, `scorecard` takes no reading of its own."""
        builder = scorecard.Builder(self.scorers)
        for outcome in self.outcomes(evidence):
            builder.add(outcome)
            yield outcome
        self._judged[:] = [builder.scorecard()]

    def readings(self) -> dict[str, dict[str, Reading]]:
        """Readings by image (its path relative to the folder) and scorer, evidence included."""
        found = self.outcomes(evidence=ALL)
        return {o.record.image: dict(o.readings) for o in found if o.record is not None}

    def to_pandas(self) -> "pd.DataFrame":
        """One row an image, one column a metric; a metric without a value is NA."""
        try:
            import pandas as pd
        except ImportError as error:
            raise Unavailable.extra("to_pandas", "pandas", "tables") from error
        rows = [_flat(o) for o in self.outcomes() if o.record is not None]
        return pd.DataFrame(rows).convert_dtypes()


def score(
    images: str | os.PathLike[str] | Sequence[Any],
    preset: str = "standard",
    *,
    prompts: str | os.PathLike[str] | Sequence[str | None] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Result:
    """Score a folder, some files, or images in memory.

    Args:
        images: a folder, or a sequence of folders, of files, or of `PIL.Image` and uint8 arrays
            (HxW or HxWx3|4).
        preset: a shipped preset or the path of a .preset.toml.
        prompts: the path of a table with the prompts of files; of images in memory a list or tuple
            with the prompt of each, None where it has none.
        out: folder of the score store, so that a later call resumes; None keeps it in memory.
        progress: a listener; None is silent.
        settings: any other field of `Settings`, e.g. `scorers=("niqe",)`, `device="cpu"`; those
            about files (`limit`, `include` ...) are refused where images are in memory.

    Raises:
        BadInput: there is nothing to score, or a setting cannot be used.
        Unavailable: a scorer that was asked for by name cannot be loaded.

    Example:
        >>> from PIL import Image
        >>> import iqmetrics
        >>> result = iqmetrics.score([Image.new("RGB", (64, 48))], scorers=("size",))
        >>> result.scorecard.rows[0].metric, result.scorecard.rows[0].mean
        ('size.width', 64.0)
    """
    each: Sequence[str | None] | None = None
    if isinstance(prompts, list | tuple) and in_memory.are_in_memory(images):
        each = prompts
    else:
        settings["prompts"] = prompts
    wanted = Settings(preset=preset, **settings)
    if out is not None:
        _make(Path(out))
    store = Store(Path(out) / STORE if out is not None else None)
    return run(images, store, wanted, progress or Silent(), each)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be a folder of results: {error.strerror}", "Choose another: out=..."
        ) from error


def run(
    images: Any,
    store: Store,
    settings: Settings,
    progress: Progress,
    prompts: Sequence[str | None] | None = None,
) -> Result:
    """Score into an open store; the store is left open for the result to be read.

    `prompts`: of images in memory, one for each.
    """
    if in_memory.are_in_memory(images):
        settings.for_memory()
        pictures = list(in_memory.pictures(images, settings.texts, prompts))
        found = Index([picture.record for picture in pictures])
        return _run(found, settings.build_scorers(), store, settings, progress, pictures)
    return run_listing(look(images, store, settings), store, settings, progress)


def run_listing(listing: Listing, store: Store, settings: Settings, progress: Progress) -> Result:
    """Score what a walk found; the listing is used up."""
    scorers = settings.build_scorers()  # a mistake in their names is told before a file is read
    found = index(listing, store, settings, progress)
    listing.selection.forget()
    return _run(found, scorers, store, settings, progress)


def _run(
    found: Index,
    scorers: dict[str, base.Scorer],
    store: Store,
    settings: Settings,
    progress: Progress,
    pictures: Sequence[Picture] | None = None,
) -> Result:
    facts = tuple(ScorerFacts.of(scorer) for scorer in scorers.values())
    readable = [r for r in found.records if r.image not in found.problems]
    work = pending.find(store, readable, facts)
    rule = settings.rule()
    with settled(), engine.start(work, scorers, store, settings, progress, pictures) as started:
        unavailable = dict(started.unavailable)
        # Seen by others while it runs.
        Run(found.records, facts, found.problems, unavailable, rule).save(store)
        finished = started.run(work.without(unavailable))
    problems = {
        **pending.known_problems(store, readable),
        **finished.problems,
        **found.problems,
    }
    covered = Run(found.records, facts, problems, unavailable, rule)
    covered.save_state(store)
    return Result(covered, store, found, finished.interrupted, started.device)


def read(store: Store) -> Result:
    """The last run of a store, without scoring anything.

    Raises:
        BadInput: the store holds no complete run.
    """
    covered = Run.load(store)
    covered = replace(covered, records=placed(covered.records, store.folder or ""))
    return Result(covered, store, Index(covered.records))


def _flat(outcome: Outcome) -> dict[str, Any]:
    record: ImageRecord | None = outcome.record
    assert record is not None
    values = {m: v for reading in outcome.readings.values() for m, v in reading.values.items()}
    gone = {m: None for reading in outcome.readings.values() for m in reading.missing}
    place = ("image", "model", "prompt_id", "prompt", "seed", "pick")
    status = outcome.problem.status if outcome.problem else "ok"
    return {**{name: getattr(record, name) for name in place}, "status": status, **values, **gone}
