"""hands: how many there are, how many can be counted, how many have a finger too many or few."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from iqmetrics.images import Picture, once_each
from iqmetrics.nets.hands import session
from iqmetrics.nets.hands.count import REASONS, Count, count_all
from iqmetrics.nets.hands.find import Hand, find_all
from iqmetrics.nets.hands.looks import sent
from iqmetrics.records import Metric, Missing, Reading, Scope
from iqmetrics.scorers.base import keep

JUDGED = ("hands.extra", "hands.missing", "hands.wrong")


@dataclass(frozen=True)
class Hands:
    """Hands with more or fewer than five fingers, counted only where all fingers can be seen.

    `hands.count` is the number of hands found (what is not surely a hand is left out),
    `hands.countable` of those with a verdict,
    `hands.extra` and `hands.missing` of those with six or more, and with four or fewer fingers (a
    fused pair counts as missing), `hands.wrong` their sum: all 0 or more, wrong ones lower is
    better. Without a hand the last three are not applicable; with hands of which none can be
    counted (closed, gripping, hidden, cut off, too small) they are abstained. Detector and
    landmarks: MediaPipe 0.10.21; counter: training/hands. Blind to: wrong joints and lengths,
    fingers that are hidden, hands smaller than 40 px, hands that the detector does not see.

    Example:
        Two open hands, one with six fingers: count 2, countable 2, extra 1, missing 0, wrong 1.
    """

    device: str = field(init=False, repr=False, compare=False, default="cpu")

    name = "hands"
    version = "4"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    licence = "Apache-2.0"
    weights = session.NETS
    metrics = (
        Metric("hands.count", "hands", 0, None, "neither", "hands found"),
        Metric("hands.countable", "hands", 0, None, "neither", "hands whose fingers were counted"),
        Metric("hands.extra", "hands", 0, None, "lower", "counted hands with six or more fingers"),
        Metric("hands.missing", "hands", 0, None, "lower", "counted hands with four or fewer"),
        Metric(
            "hands.wrong", "hands", 0, None, "lower", "counted hands with an extra or missing one"
        ),
    )

    def load(self, device: str) -> None:
        """Load the nets; raises `Unavailable` when onnxruntime or a weight is missing."""
        session.load(device)
        keep(self, device=device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture; all hands of the batch go through each net together."""
        found = once_each(
            pictures,
            ("hands", self.device),
            lambda some: find_all(
                [p.pixels for p in some], self.device, there=sent(some, self.device)
            ),
        )
        pixels = [p.pixels for p in pictures]
        counts = count_all(pixels, found, self.device, sent(pictures, self.device))
        return [reading(h, c) for h, c in zip(found, counts, strict=True)]


def reading(hands: Sequence[Hand], counts: Sequence[Count]) -> Reading:
    """The reading of an image from its hands and their judgements (same order)."""
    if not hands:
        missing = Missing("not_applicable", "no hand found")
        values = {"hands.count": 0.0, "hands.countable": 0.0}
        return Reading(values, dict.fromkeys(JUDGED, missing), {"hands": []})
    evidence = {"hands": [_evidence(h, c) for h, c in zip(hands, counts, strict=True)]}
    real = [c for c in counts if c.reason != REASONS["nothing"]]
    decided = [c for c in real if c.verdict != "unsure"]
    values = {"hands.count": float(len(real)), "hands.countable": float(len(decided))}
    if not real:
        missing = Missing("not_applicable", "no hand found: what looked like one is not surely one")
        return Reading(values, dict.fromkeys(JUDGED, missing), evidence)
    if not decided:
        reasons = "; ".join(sorted({c.reason for c in real}))
        missing = Missing("abstained", f"no hand can be counted: {reasons}")
        return Reading(values, dict.fromkeys(JUDGED, missing), evidence)
    extra = float(sum(c.verdict == "extra" for c in decided))
    fewer = float(sum(c.verdict == "missing" for c in decided))
    judged = {"hands.extra": extra, "hands.missing": fewer, "hands.wrong": extra + fewer}
    return Reading(values | judged, {}, evidence)


def _evidence(hand: Hand, judged: Count) -> dict[str, Any]:
    """What the report draws of one hand."""
    return {
        "box": [round(v, 1) for v in hand.box],
        "presence": round(hand.presence, 3),
        "verdict": judged.verdict,
        "fingers": judged.fingers,
        "tips": [[round(x, 1), round(y, 1)] for x, y in judged.tips],
        "probability": round(judged.probability, 3),
        "countable": round(judged.countable, 3),
        "reason": judged.reason,
    }
