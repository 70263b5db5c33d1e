"""Which images and sets still lack an outcome."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.records import ImageRecord, Missing
from iqmetrics.store import Store, outcome_key


def problem_key(record: ImageRecord) -> bytes:
    """Where it is remembered that these bytes cannot be decoded."""
    return outcome_key("image", DECODE_POLICY, record.sha256)


@dataclass(frozen=True, slots=True)
class Pending:
    """The work that is left; images of one set stand together, so that few are held at a time."""

    images: Sequence[ImageWork]
    sets: Sequence[SetWork]

    def __len__(self) -> int:
        return len(self.images)

    def scorers(self) -> list[str]:
        """Names of the scorers that are needed."""
        named = {name: None for work in self.images for name in work.todo}
        return [*named, *dict.fromkeys(s.scorer for s in self.sets if s.scorer not in named)]

    def without(self, names: Collection[str]) -> "Pending":
        """The same work, less that of some scorers."""
        if not names:
            return self
        sets = [s for s in self.sets if s.scorer not in names]
        members = {image for s in sets for image in s.images}
        images = []
        for work in self.images:
            todo = {name: key for name, key in work.todo.items() if name not in names}
            if todo or work.record.image in members:
                images.append(ImageWork(work.record, todo, work.problem_key))
        return Pending(images, sets)


def find(store: Store, records: Sequence[ImageRecord], scorers: Sequence[ScorerFacts]) -> Pending:
    """Compare what the store holds with what the images need; failed outcomes are tried again."""
    store.drop(store.retriable())
    known = store.keys()
    readable = [r for r in records if problem_key(r) not in known]
    sets = [
        SetWork(scorer.name, scorer.set_key, frozenset(r.image for r in members))
        for scorer in scorers
        if scorer.scope == "set"
        for members in Run(readable, ()).sets(scorer).values()
        if scorer.set_key(members) not in known
    ]
    members = {image for work in sets for image in work.images}
    per_image = [s for s in scorers if s.scope == "image"]
    images = []
    for record in readable:
        keys = ((s.name, s.key(record)) for s in per_image)
        todo = {name: key for name, key in keys if key not in known}
        if todo or record.image in members:
            images.append(ImageWork(record, todo, problem_key(record)))
    images.sort(key=lambda work: (work.record.model, work.record.prompt_id))
    return Pending(images, sets)


def known_problems(store: Store, records: Sequence[ImageRecord]) -> dict[str, Missing]:
    """Images that an earlier run, or this one, found impossible to decode."""
    keys = {record.image: problem_key(record) for record in records}
    found = store.readings(set(keys.values()))
    return {image: found[key].missing["image"] for image, key in keys.items() if key in found}
