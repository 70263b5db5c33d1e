"""Which images and sets still lack an outcome."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline.keys import ScorerFacts, content
from iqmetrics.pipeline.outcomes import CHUNK, Run
from iqmetrics.pipeline.todo import Shared, Todo
from iqmetrics.pipeline.uncollected import uncollected
from iqmetrics.records import ImageRecord, Missing
from iqmetrics.store import Store, outcome_key

PROBLEM = "image"
"""Stands for a scorer where it is remembered that an image cannot be decoded."""


def problem_key(record: ImageRecord) -> bytes:
    """Where it is remembered that these bytes cannot be decoded."""
    return outcome_key(PROBLEM, DECODE_POLICY, record.sha256)


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
        images, shared = [], Shared()
        for work in self.images:
            todo = _less(work.todo, names, shared)
            if todo or work.record.image in members:
                images.append(ImageWork(work.record, todo, work.problem_key))
        return Pending(images, sets)


def _less(todo: Mapping[str, bytes], names: Collection[str], shared: Shared) -> Mapping[str, bytes]:
    if isinstance(todo, Todo):
        return todo.without(names, shared)
    return {name: key for name, key in todo.items() if name not in names}


@uncollected()
def find(store: Store, records: Sequence[ImageRecord], scorers: Sequence[ScorerFacts]) -> Pending:
    """Compare what the store holds with what the images need; failed outcomes are tried again."""
    store.drop(store.retriable())
    per_image = [s for s in scorers if s.scope == "image"]
    lacking = list(_lacking(store, records, per_image))
    readable = [record for record, _ in lacking]
    sets = [work for s in scorers if s.scope == "set" for work in _open_sets(store, readable, s)]
    members = {image for work in sets for image in work.images}
    images = [
        ImageWork(record, Todo(record, todo), problem_key(record))
        for record, todo in lacking
        if todo or record.image in members
    ]
    images.sort(key=lambda work: (work.record.model, work.record.prompt_id))
    return Pending(images, sets)


def _lacking(
    store: Store, records: Sequence[ImageRecord], scorers: Sequence[ScorerFacts]
) -> Iterator[tuple[ImageRecord, tuple[ScorerFacts, ...]]]:
    """Each image that is not known to be broken, with the scorers that have no outcome on it."""
    shared = Shared()
    broken = store.keys(PROBLEM)
    for start in range(0, len(records), CHUNK):
        chunk = records[start : start + CHUNK]
        if broken:
            chunk = [record for record in chunk if problem_key(record) not in broken]
        keys = [
            [scorer.key_of(record, what) for scorer in scorers]
            for record, what in zip(chunk, map(content, chunk), strict=True)
        ]
        known = store.known(key for some in keys for key in some)
        for record, each in zip(chunk, keys, strict=True):
            pairs = zip(scorers, each, strict=True)
            yield record, shared(s for s, key in pairs if key not in known)


def _open_sets(
    store: Store, readable: Sequence[ImageRecord], scorer: ScorerFacts
) -> Iterator[SetWork]:
    groups = Run(readable, ()).sets(scorer).values()
    keys = [scorer.set_key(members) for members in groups]
    known = store.known(keys)
    for members, key in zip(groups, keys, strict=True):
        if key not in known:
            yield SetWork(scorer.name, scorer.set_key, frozenset(r.image for r in members))


def known_problems(store: Store, records: Sequence[ImageRecord]) -> dict[str, Missing]:
    """Images that an earlier run, or this one, found impossible to decode."""
    found = store.readings(store.keys(PROBLEM))
    keys = {r.image: problem_key(r) for r in records} if found else {}
    return {image: found[key].missing[PROBLEM] for image, key in keys.items() if key in found}
