"""The rule of a preset that says which images are usable, as derived scorers."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.presets import Condition
from iqmetrics.records import YES_NO, Metric

IMAGE = (Metric("usable", YES_NO, 0, 1, "higher", "1 when the image keeps the preset's rule"),)
PROMPT = (
    Metric("usable.first", YES_NO, 0, 1, "higher", "1 when a prompt's declared pick is usable"),
    Metric("usable.any", YES_NO, 0, 1, "higher", "1 when at least one image of a prompt is usable"),
    Metric("usable.every", YES_NO, 0, 1, "higher", "1 when every image of a prompt is usable"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The conditions of a preset and its declared pick."""

    conditions: tuple[Condition, ...]
    pick: int = 1

    def facts(self, metrics: Iterable[str]) -> tuple[ScorerFacts, ...]:
        """The two derived scorers; none when no condition's metric is measured at all."""
        if not {c.metric for c in self.conditions} & set(metrics):
            return ()
        text = json.dumps(asdict(self), sort_keys=True)
        version = "1+" + blake2b(text.encode(), digest_size=4).hexdigest()
        return (
            ScorerFacts("usable", version, "image", "", (), IMAGE, "Apache-2.0"),
            ScorerFacts("usable.prompt", version, "set", "prompt", (), PROMPT, "Apache-2.0"),
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Rule":
        """The inverse of `dataclasses.asdict`."""
        return cls(tuple(Condition(**c) for c in data["conditions"]), data["pick"])
