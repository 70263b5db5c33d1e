"""What an outcome depends on, as a key: the same key means the same reading, on any machine."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from iqmetrics import weights as ledger
from iqmetrics.images import DECODE_POLICY
from iqmetrics.metadata.grids import tile_of
from iqmetrics.records import ImageRecord, Metric, Scope
from iqmetrics.scorers import base
from iqmetrics.store import outcome_key


def content(record: ImageRecord) -> str:
    """What the picture is, whatever it is called: the file's sha256, and its place in a grid."""
    tile = tile_of(record)
    return record.sha256 + ("#" + ",".join(map(str, tile)) if tile else "")


@dataclass(frozen=True, slots=True)
class ScorerFacts:
    """What can be told of a scorer without loading it; kept beside its outcomes.

    `full_version` is the version with a short hash of options and weights: the CSV column.
    """

    name: str
    full_version: str
    scope: Scope
    each: str
    uses: tuple[str, ...]
    metrics: tuple[Metric, ...]
    licence: str

    @classmethod
    def of(cls, scorer: base.Scorer) -> "ScorerFacts":
        """The facts of a scorer."""
        depends = [base.options(scorer), [ledger.entry(w).sha256 for w in base.weights(scorer)]]
        text = json.dumps(depends, sort_keys=True, default=str, ensure_ascii=False)
        short = blake2b(text.encode(), digest_size=4).hexdigest()
        return cls(
            name=scorer.name,
            full_version=f"{scorer.version}+{short}",
            scope=scorer.scope,
            each=getattr(scorer, "each", "prompt") if scorer.scope == "set" else "",
            uses=base.uses(scorer),
            metrics=tuple(scorer.metrics),
            licence=scorer.licence,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, the inverse of `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ScorerFacts":
        """The inverse of `to_json`."""
        metrics = tuple(Metric(**m) for m in data["metrics"])
        return cls(**{**data, "uses": tuple(data["uses"]), "metrics": metrics})

    def key(self, record: ImageRecord) -> bytes:
        """The key of this scorer's outcome on one image."""
        return self.key_of(record, content(record))

    def key_of(self, record: ImageRecord, seen: str) -> bytes:
        """The key, where the `content` of the record is known already."""
        used = [str(getattr(record, field)) for field in self.uses]
        return outcome_key(self.name, self.full_version, DECODE_POLICY, seen, *used)

    def set_key(self, records: Sequence[ImageRecord]) -> bytes:
        """The key of this scorer's outcome on a set of images, in any order."""
        members = sorted(self.key(record).hex() for record in records)
        return outcome_key("set", self.name, self.full_version, *members)

    def group(self, record: ImageRecord) -> tuple[str, str]:
        """The (model, prompt_id) of the set that an image belongs to; prompt_id "" for a model."""
        return record.model, record.prompt_id if self.each == "prompt" else ""
