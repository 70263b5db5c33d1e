"""Counts the fingers of found hands, or says why it will not.

The net (training/hands) sees each hand upright in four views: as it is, mirrored, and turned 12
degrees either way. Each view answers a map of fingertips (any number of peaks), a state (countable,
folded, hidden, nothing) and a count class (up to four, five, six or more). The class and the number
of peaks are two witnesses: their probabilities are multiplied. There is a verdict only when the
mean state is countable, the product is sure, and enough views show that many peaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.hands import session
from iqmetrics.nets.hands.find import Hand
from iqmetrics.nets.hands.looks import looks
from iqmetrics.nets.hands.region import Region
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SIZE = 224
TURNS = (0.0, 0.0, 0.21, -0.21)
"""Radians by which each view is turned."""

MIRRORED = (1, 3)
"""Views that are mirrored."""

MIN_SIZE = 40
"""Hands smaller than this (longer side of the landmarks' box, pixels) are not counted."""

PEAK = 0.3
"""Height from which a maximum of the fingertip map is a tip."""

FAINT = 0.08
"""Height from which a maximum may be a tip; a lower one surely is none."""

NEAR = np.ones((5, 5), np.uint8)
"""Cells of a map of which only the highest is a maximum."""

STEEP = 12.0
"""How fast a maximum turns into a tip: its probability is the logistic of STEEP (height - PEAK)."""

DOUBT = 0.02
"""Share of the maps' witness that is spread over all classes: a map can be wrong altogether."""

FINE = 112.0
"""Side of the region (pixels) below which no finger is called missing: thin gaps are not seen."""

CORNERS = [(0.28, 0.28), (0.72, 0.28), (0.28, 0.61), (0.72, 0.61)]
MIDDLE = np.array(CORNERS) * SIZE
"""Corners (x, y in the crop) of the middle of a region, where fingers are."""

Verdict = Literal["missing", "normal", "extra", "unsure"]
CLASSES: tuple[Verdict, ...] = ("missing", "normal", "extra")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a verdict of one class takes: probabilities and how many of the four views agree.

    `alone` is what the net's own class must reach without the fingertips.
    """

    countable: float
    sure: float
    views: int
    alone: float


RULES: dict[Verdict, Rule] = {
    "missing": Rule(0.8, 0.92, 2, 0.7),
    "normal": Rule(0.5, 0.92, 2, 0.0),
    "extra": Rule(0.5, 0.75, 1, 0.0),
}
"""Thresholds of "missing" were chosen on half of the hands of benchmarks/validity/hands.py (see
hands_rule.py there), the others on answers of an earlier net."""

REASONS = {
    "folded": "fingers closed, folded or gripping",
    "hidden": "fingers hidden, overlapping or cut off",
    "nothing": "not surely a hand",
}


@dataclass(frozen=True, slots=True)
class Count:
    """The judgement of one hand.

    verdict "unsure" carries a reason; tips (x, y) are in image pixels; probability is that of the
    verdict's class (0..1); countable is the net's own share of "countable".
    """

    verdict: Verdict
    tips: tuple[tuple[float, float], ...]
    probability: float
    countable: float
    reason: str = ""

    @property
    def fingers(self) -> int:
        """Number of fingertips seen."""
        return len(self.tips)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the net says of one hand: maps 4 x 56 x 56, state 4 x 4, count 4 x 3 (views first)."""

    maps: Floats
    state: Floats
    count: Floats


def views(pixels: Bytes, region: Region) -> Floats:
    """The four views of a hand, 4 x 224 x 224 x 3, 0..1."""
    return np.asarray(cut_views(pixels, region), np.float32) / np.float32(255)


def cut_views(pixels: Bytes, region: Region) -> Bytes:
    """The four views of a hand, 4 x 224 x 224 x 3 bytes."""
    return np.asarray(looks([pixels], None, [(0, *view) for view in _views(region)], SIZE))


def _views(region: Region) -> list[tuple[Region, bool]]:
    """The region as each view sees it, and whether it is mirrored."""
    return [
        (Region(region.x, region.y, region.side, region.angle + turn), k in MIRRORED)
        for k, turn in enumerate(TURNS)
    ]


def ask(cuts: Any, device: str = "cpu") -> list[Answer]:
    """The net's answers for n x 4 views (4n x 224 x 224 x 3: uint8, or 0..1)."""
    maps, state, count = session.run("hand_count", cuts, device)
    return [
        Answer(maps[i : i + 4], state[i : i + 4], count[i : i + 4]) for i in range(0, len(maps), 4)
    ]


def count(pixels: Bytes, hands: Sequence[Hand], device: str = "cpu") -> list[Count]:
    """The judgement of each hand of one image (uint8 height x width x 3)."""
    return count_all([pixels], [hands], device)[0]


def count_all(
    images: Sequence[Bytes],
    hands: Sequence[Sequence[Hand]],
    device: str = "cpu",
    there: "Sequence[Tensor] | None" = None,
) -> list[list[Count]]:
    """The judgement of each hand of each image; the net sees all of them in one batch.

    `there` are the images on the device, where they are cut on it.
    """
    pairs = [(i, h) for i, some in enumerate(hands) for h in some]
    big = [(i, h.region) for i, h in pairs if h.size >= MIN_SIZE]
    jobs = [(i, *view) for i, region in big for view in _views(region)]
    answers = ask(looks(images, there, jobs, SIZE), device) if jobs else []
    shapes = [images[i].shape for i, _ in big]
    judged = iter(
        each(lambda job: judge(*job), list(zip(answers, [r for _, r in big], shapes, strict=True)))
    )
    return [[next(judged) if h.size >= MIN_SIZE else too_small(h) for h in some] for some in hands]


def too_small(hand: Hand) -> Count:
    """The answer for a hand that has too few pixels."""
    return Count("unsure", (), 0.0, 0.0, f"too small: {hand.size:.0f} px, {MIN_SIZE} needed")


def judge(answer: Answer, region: Region, shape: tuple[int, ...]) -> Count:
    """Verdict from the answers of the four views."""
    seen = tops(answer.maps)
    tips_in = [int(np.count_nonzero(one.heights > PEAK)) for one in seen]
    state, classes = answer.state.mean(0), weighed(answer, seen)
    which = int(classes.argmax())
    name = CLASSES[which]
    rule, sure, alone = RULES[name], float(classes[which]), float(answer.count.mean(0)[which])
    alike = [k for k, number in enumerate(tips_in) if group(number) == which]
    agree, shown = len(alike), alike[0] if alike else 0
    tips = place(peaks(seen[shown]), shown, region)
    places = tuple((x, y) for x, y in tips.tolist())
    countable = float(state[0])
    reason = ""
    if _cut_off(region, shape):
        reason = "cut off by the frame"
    elif countable < rule.countable:
        reason = REASONS[("folded", "hidden", "nothing")[int(state[1:].argmax())]]
    elif name == "missing" and region.side < FINE:
        reason = f"too small to miss a finger: {region.side:.0f} px, {FINE:.0f} needed"
    elif sure < rule.sure:
        reason = f"class unsure: {name} at {sure:.2f}"
    elif alone < rule.alone:
        reason = f"class unsure: {name} at {alone:.2f} without the fingertips"
    elif agree < rule.views:
        reason = f"fingertips and class disagree ({agree} of 4 views agree)"
    return Count("unsure" if reason else name, places, sure, countable, reason)


def place(cells: NDArray[np.float64], view: int, region: Region) -> NDArray[np.float64]:
    """Fingertips of one view (x, y in map cells) in image pixels."""
    at = cells * (SIZE / 56) + 1.5
    if view in MIRRORED:
        at = np.stack([SIZE - 1 - at[:, 0], at[:, 1]], 1)
    turned = Region(region.x, region.y, region.side, region.angle + TURNS[view])
    return turned.to_image(at, SIZE).reshape(-1, 2)


def group(tips: int) -> int:
    """Index into CLASSES of a number of fingertips."""
    return 0 if tips <= 4 else 1 if tips == 5 else 2


def weighed(answer: Answer, seen: "Sequence[Tops]") -> NDArray[np.float64]:
    """Probability of each class: the net's own, times that of the fingertips, made to sum to 1."""
    tallied = np.mean([tally(one) for one in seen], 0)
    both = (answer.count.mean(0) + 1e-4) * (tallied * (1 - DOUBT) + DOUBT / len(CLASSES))
    return np.asarray(both / both.sum(), np.float64)


class Tops(NamedTuple):
    """Maxima of a map, which may be tips: their cells (k x 2: x, y) and heights (k)."""

    cells: NDArray[np.intp]
    heights: Floats


def tops(maps: Floats, floor: float = FAINT) -> list[Tops]:
    """Of each map (n x height x width) what is above the floor and the highest within two cells."""
    import cv2

    around = np.array([cv2.dilate(one, NEAR) for one in maps])
    which, y, x = np.nonzero((maps >= around) & (maps > floor))
    cells, heights = np.stack([x, y], 1), maps[which, y, x]
    ends = np.searchsorted(which, np.arange(len(maps) + 1)).tolist()
    return [Tops(cells[a:b], heights[a:b]) for a, b in pairwise(ends)]


def peaks(seen: Tops) -> NDArray[np.float64]:
    """Tips of a map (x, y in its cells): its maxima above PEAK."""
    return seen.cells[seen.heights > PEAK].astype(np.float64)


def tally(seen: Tops) -> NDArray[np.float64]:
    """Probability of up to four, five, and six or more tips in a map.

    Each maximum is a tip or not on its own, so that a faint sixth one leaves a doubt.
    """
    sure = 1 / (1 + np.exp(-STEEP * (seen.heights.astype(np.float64) - PEAK)))
    none, one, two, three, four, five, more = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for p in sure.tolist():
        q = 1 - p
        more = more * q + (five * p + more * p)
        five = five * q + four * p
        four = four * q + three * p
        three = three * q + two * p
        two = two * q + one * p
        one = one * q + none * p
        none *= q
    return np.array([none + one + two + three + four, five, more])


def _cut_off(region: Region, shape: tuple[int, ...]) -> bool:
    """Whether the middle of the region, where fingers are, leaves the image."""
    at = region.to_image(MIDDLE, SIZE)
    return bool((at < 0).any() or (at > np.array([shape[1], shape[0]])).any())
