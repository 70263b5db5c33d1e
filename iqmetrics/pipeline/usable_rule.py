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
DERIVED = ("usable", "usable.prompt")
"""The scorers that judge readings, not pictures."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The conditions of a preset and its declared pick."""

    conditions: tuple[Condition, ...]
    pick: int = 1

    def facts(self, metrics: Iterable[str]) -> tuple[ScorerFacts, ...]:
        """The two derived scorers; none when no condition's metric is measured at all.

        Their version is that of the conditions that are judged: `--scorer niqe` leaves others out,
        and what it calls usable must not be compared with the whole rule.
        """
        judged = self.of(metrics)
        if not judged.conditions:
            return ()
        text = json.dumps(asdict(judged), sort_keys=True)
        version = "1+" + blake2b(text.encode(), digest_size=4).hexdigest()
        return (
            ScorerFacts(DERIVED[0], version, "image", "", (), IMAGE, "Apache-2.0"),
            ScorerFacts(DERIVED[1], version, "set", "prompt", (), PROMPT, "Apache-2.0"),
        )

    def of(self, metrics: Iterable[str]) -> "Rule":
        """The part of the rule that is about these metrics."""
        known = set(metrics)
        return Rule(tuple(c for c in self.conditions if c.metric in known), self.pick)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Rule":
        """The inverse of `dataclasses.asdict`."""
        return cls(tuple(Condition(**c) for c in data["conditions"]), data["pick"])
