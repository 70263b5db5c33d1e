"""Holds the read lines of a picture against its targets, reading on only as long as it must."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz

from iqmetrics.images import Picture
from iqmetrics.nets.side_by_side import each
from iqmetrics.nets.text.again import AGAIN, slanted
from iqmetrics.nets.text.lines import Line, merged, orders
from iqmetrics.nets.text.matching import Match, assign, credit
from iqmetrics.nets.text.normal import kept_positions, letters, lowered, same
from iqmetrics.nets.text.readability import SLANT, forced, readability, shares
from iqmetrics.nets.text.reading import PASSES, adds
from iqmetrics.nets.text.strokes import unsoundness

if TYPE_CHECKING:
    from iqmetrics.nets.text.reading import Reader

CLOSE = 0.6
"""From this similarity on a target was found: then the lettering is at fault, not the search."""
LIKE, MOST_TRIED, SHORTEST = 60.0, 6, 4
"""Likeness (0..100) to a wanting target from which a single new line is tried, how many are, and
how many times as long as such a line a target may be."""
SMALL_PRINT = 24.0
"""Height in pixels under which a found target is worth a look at twice the size."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Targets, the lines they were held against, and for each target its match or None."""

    targets: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    matches: tuple[Match | None, ...] = ()
    passes: tuple[str, ...] = ()

    @property
    def completeness(self) -> float:
        """Credit of the targets' matches, weighted by their length, 0..1."""
        sizes = [len(letters(t)) for t in self.targets]
        got = [credit(m) for m in self.matches]
        return sum(s * g for s, g in zip(sizes, got, strict=True)) / max(1, sum(sizes))

    @property
    def complete(self) -> bool:
        """Every target is there to the letter."""
        pairs = zip(self.targets, self.matches, strict=True)
        return all(m is not None and same(letters(t), m.found) for t, m in pairs)


def judge(
    reader: "Reader", pictures: Sequence[Picture], targets: Sequence[Sequence[str]]
) -> list[Judged]:
    """The best reading of each picture's targets; later passes see only what is still wanting."""
    best = [Judged(tuple(t), (), (None,) * len(t)) for t in targets]
    for what in PASSES:
        open_ = [
            i
            for i, b in enumerate(best)
            if not b.complete and _worthwhile(b, what) and adds(pictures[i], what)
        ]
        for i, lines in zip(open_, reader.lines([pictures[i] for i in open_], what), strict=True):
            best[i] = _better(best[i], lines, what)
    return best


def readabilities(reader: "Reader", judged: Sequence[Judged]) -> list[list[float]]:
    """For each picture and target the readability of its lettering, 0..1; none found: 0."""
    jobs = [
        (i, t, line, text)
        for i, one in enumerate(judged)
        for t, match in enumerate(one.matches)
        if match is not None
        for line, text in _forced_lines(one, t, match)
    ]
    number = numbers(reader.alphabet)
    classes = [[number[c] for c in text if c in number] for *_, text in jobs]
    crops = [judged[i].lines[line].image for i, _, line, _ in jobs]
    likelihoods = reader.likelihoods(each(lambda crop: slanted(crop, SLANT), crops), classes)
    unsound = unsoundness(crops, reader.device)
    sums = [[np.zeros(3) for _ in one.targets] for one in judged]
    for k, (i, t, _, text) in enumerate(jobs):
        known = len(classes[k]) / max(1, len(text))
        sums[i][t] += len(text) * np.array([1, known * likelihoods[k], unsound[k]])
    return [[float(readability(b / n, c / n)) if n else 0.0 for n, b, c in row] for row in sums]


@cache
def numbers(alphabet: tuple[str, ...]) -> dict[str, int]:
    """The recogniser's class of each character."""
    return {c: k + 1 for k, c in enumerate(alphabet)}


def _worthwhile(best: Judged, what: str) -> bool:
    """Whether a pass may still find something better, given what is known."""
    if what in ("quick", "full", "bent", *AGAIN):
        return True
    if what == "glance":
        return all(m is not None and m.similarity >= CLOSE for m in best.matches)
    lost = any(m is None or m.similarity < CLOSE for m in best.matches)
    return lost or (what == "fine" and _smallest(best) < SMALL_PRINT)


def _smallest(best: Judged) -> float:
    heights = [
        best.lines[line].height
        for match, target in zip(best.matches, best.targets, strict=True)
        if match is not None and not same(letters(target), match.found)
        for line, _, _ in match.pieces
    ]
    return min(heights, default=SMALL_PRINT)


def _better(best: Judged, lines: Sequence[Line], what: str) -> Judged:
    """The better of what was known and what a pass adds: as a whole, then line by line."""
    if not lines:
        top = best
    elif not best.lines:
        top = _held_against(best.targets, list(lines))
    else:
        both = [merged(best.lines, lines), merged(lines, best.lines)]
        tried = [best, *(_held_against(best.targets, together) for together in both)]
        top = max(tried, key=lambda j: j.completeness)
        for line in _promising(top, lines):
            one = _held_against(best.targets, merged(top.lines, [line]))
            top = max(top, one, key=lambda j: j.completeness)
    return Judged(top.targets, top.lines, top.matches, (*best.passes, what))


def _held_against(targets: tuple[str, ...], lines: Sequence[Line]) -> Judged:
    matches = assign(targets, [line.text for line in lines], orders(lines))
    return Judged(targets, tuple(lines), tuple(matches))


def _promising(best: Judged, lines: Sequence[Line]) -> list[Line]:
    """New lines that are like a target not yet found to the letter, the likest first.

    A line much shorter than the target is left alone: one stray letter would mend any misspelling.
    """
    wanting = [
        lowered(letters(t))
        for t, m in zip(best.targets, best.matches, strict=True)
        if m is None or not same(letters(t), m.found)
    ]
    known = {(line.text, line.box) for line in best.lines}
    likeness = [
        (max((_likeness(lowered(letters(line.text)), t) for t in wanting), default=0), i)
        for i, line in enumerate(lines)
        if (line.text, line.box) not in known
    ]
    likest = sorted((-like, i) for like, i in likeness if like >= LIKE)
    return [lines[i] for _, i in likest[:MOST_TRIED]]


def _likeness(read: str, target: str) -> float:
    long_enough = len(read) >= 2 and len(read) * SHORTEST >= len(target)
    return fuzz.partial_ratio(read, target) if long_enough else 0.0


def _forced_lines(one: Judged, target: int, match: Match) -> list[tuple[int, str]]:
    """Each line that carries a part of the target, with what it should have said."""
    texts = [one.lines[line].text for line, _, _ in match.pieces]
    parts = [letters(t)[a:b] for t, (_, a, b) in zip(texts, match.pieces, strict=True)]
    wanted = shares(one.targets[target], parts)
    return [
        (line, _with_part(text, a, b, want))
        for (line, a, b), text, want in zip(match.pieces, texts, wanted, strict=True)
    ]


def _with_part(text: str, a: int, b: int, want: str) -> str:
    places = kept_positions(text)
    if not places or len(places) != len(letters(text)):
        return forced(want, text)
    start, end = places[a], places[b - 1] + 1
    return text[:start] + forced(want, text[start:end]) + text[end:]
