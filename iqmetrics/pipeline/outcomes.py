"""Reads the outcomes of a run back from the store, image by image and then set by set."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.keys import ScorerFacts, content
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.records import ImageRecord, Missing, Reading
from iqmetrics.store import Store

CHUNK = 2000
NO_RULE = Rule(())


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is known of one image (or, without a `record`, of one set of images).

    `readings` maps a scorer's name to its reading; `problem` says why an image has none at all.
    """

    model: str
    prompt_id: str
    record: ImageRecord | None
    readings: Mapping[str, Reading]
    problem: Missing | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run covers: its images, those that could not be decoded, and its scorers.

    `unavailable` maps a scorer that could not be loaded to the reason. `decode_problems` maps an
    image's path to why no scorer saw it.
    """

    records: Sequence[ImageRecord]
    scorers: Sequence[ScorerFacts]
    decode_problems: Mapping[str, Missing] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    rule: Rule = NO_RULE

    def save(self, store: Store) -> None:
        """Keep what the run covers beside its outcomes, so that it can be read back alone."""
        store.put_images(self.records)
        self.save_state(store)

    def save_state(self, store: Store) -> None:
        """Keep everything but the records, which `save` has written before."""
        problems = {image: [m.status, m.reason] for image, m in self.decode_problems.items()}
        covered = {
            "scorers": [scorer.to_json() for scorer in self.scorers],
            "decode_problems": problems,
            "unavailable": dict(self.unavailable),
            "rule": asdict(self.rule),
        }
        store.put("run", json.dumps(covered))

    @classmethod
    def load(cls, store: Store) -> "Run":
        """The last run of a store.

        Raises:
            BadInput: the store holds no complete run.
        """
        text = store.get("run")
        if text is None:
            raise BadInput("this folder was not scored to the end", "iqm score FOLDER")
        covered = json.loads(text)
        return cls(
            list(store.images()),
            tuple(ScorerFacts.from_json(facts) for facts in covered["scorers"]),
            {image: Missing(*pair) for image, pair in covered["decode_problems"].items()},
            covered["unavailable"],
            Rule.from_json(covered["rule"]),
        )

    def sets(self, scorer: ScorerFacts) -> dict[tuple[str, str], list[ImageRecord]]:
        """The readable images of each set that a set scorer judges."""
        groups: dict[tuple[str, str], list[ImageRecord]] = {}
        for record in self.records:
            if record.image not in self.decode_problems:
                groups.setdefault(scorer.group(record), []).append(record)
        return groups


def outcomes(store: Store, run: Run, evidence: int = 0) -> Iterator[Outcome]:
    """Every image of the run in order, then every set, with evidence of at most so many characters.

    An image that was not reached (an interrupted run) has no reading and is left out.
    """
    per_image = [s for s in run.scorers if s.scope == "image"]
    records = iter(run.records)
    while chunk := list(islice(records, CHUNK)):
        yield from _images(store, run, chunk, per_image, evidence)
    for scorer in run.scorers:
        if scorer.scope == "set":
            yield from _sets(store, run, scorer, evidence)


def _images(
    store: Store,
    run: Run,
    chunk: Sequence[ImageRecord],
    scorers: Sequence[ScorerFacts],
    evidence: int,
) -> Iterator[Outcome]:
    seen = [r for r in chunk if r.image not in run.decode_problems]
    keys: dict[str, list[bytes]] = {}
    for record in seen:
        what = content(record)
        keys[record.image] = [scorer.key_of(record, what) for scorer in scorers]
    stored = store.readings({key for some in keys.values() for key in some}, evidence)
    absent = [_absent(run, scorer) for scorer in scorers]
    for record in chunk:
        problem = run.decode_problems.get(record.image)
        readings = {}
        for scorer, key, lack in zip(scorers, keys.get(record.image, ()), absent, strict=False):
            reading = stored.get(key, lack)
            if reading is not None:
                readings[scorer.name] = reading
        if readings or problem:
            yield Outcome(record.model, record.prompt_id, record, readings, problem)


def _sets(store: Store, run: Run, scorer: ScorerFacts, evidence: int) -> Iterator[Outcome]:
    groups = run.sets(scorer)
    keys = {group: scorer.set_key(records) for group, records in groups.items()}
    stored = store.readings(set(keys.values()), evidence)
    for (model, prompt_id), key in keys.items():
        if reading := stored.get(key) or _absent(run, scorer):
            yield Outcome(model, prompt_id, None, {scorer.name: reading})


def _absent(run: Run, scorer: ScorerFacts) -> Reading | None:
    reason = run.unavailable.get(scorer.name)
    return Reading.none(scorer.metrics, "unavailable", reason) if reason else None
