"""Holds the read lines of a picture against its targets, reading on only as long as it must."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iqmetrics.images import Picture
from iqmetrics.nets.side_by_side import each
from iqmetrics.nets.text.lines import Line, merged, orders
from iqmetrics.nets.text.matching import Match, assign, credit
from iqmetrics.nets.text.normal import kept_positions, letters, same
from iqmetrics.nets.text.readability import forced, scaled, shares, variants
from iqmetrics.nets.text.reading import AGAIN, PASSES, adds

if TYPE_CHECKING:
    from iqmetrics.nets.text.reading import Reader

CLOSE = 0.6
"""From this similarity on a target was found: then the lettering is at fault, not the search."""
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
    number = {c: k + 1 for k, c in enumerate(reader.alphabet)}
    classes = [[number[c] for c in text if c in number] for *_, text in jobs]
    looks = each(lambda job: variants(judged[job[0]].lines[job[2]].image), jobs)
    asked = [(image, c) for some, c in zip(looks, classes, strict=True) for image in some]
    likelihoods = reader.likelihoods([image for image, _ in asked], [c for _, c in asked])
    count = len(asked) // len(jobs) if jobs else 0
    sums = [[0.0] * len(one.targets) for one in judged]
    sizes = [[0] * len(one.targets) for one in judged]
    for k, (i, t, _, text) in enumerate(jobs):
        known = len(classes[k]) / max(1, len(text))
        odds = likelihoods[k * count : (k + 1) * count]
        sums[i][t] += len(text) * known * sum(odds) / len(odds)
        sizes[i][t] += len(text)
    return [
        [scaled(s / n) if n else 0.0 for s, n in zip(row, each_size, strict=True)]
        for row, each_size in zip(sums, sizes, strict=True)
    ]


def _worthwhile(best: Judged, what: str) -> bool:
    """Whether a pass may still find something better, given what is known."""
    if what in ("quick", "full", "bent", *AGAIN):
        return True
    lost = any(m is None or m.similarity < CLOSE for m in best.matches)
    return lost or (what == "tiles" and _smallest(best) < SMALL_PRINT)


def _smallest(best: Judged) -> float:
    heights = [
        best.lines[line].height
        for match, target in zip(best.matches, best.targets, strict=True)
        if match is not None and not same(letters(target), match.found)
        for line, _, _ in match.pieces
    ]
    return min(heights, default=SMALL_PRINT)


def _better(best: Judged, lines: Sequence[Line], what: str) -> Judged:
    passes = (*best.passes, what)
    tried = [best]
    for together in (
        [list(lines)] if not best.lines else [merged(best.lines, lines), merged(lines, best.lines)]
    ):
        texts = [line.text for line in together]
        matches = assign(best.targets, texts, orders(together))
        tried.append(Judged(best.targets, tuple(together), tuple(matches)))
    top = max(tried, key=lambda j: j.completeness)
    chosen = tried[1] if not best.lines and top.completeness == 0 else top
    return Judged(chosen.targets, chosen.lines, chosen.matches, passes)


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
