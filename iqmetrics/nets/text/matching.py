"""Which read text belongs to which target: order-free, one to one, nothing used twice.

A target may lie in a line, in a part of a line, or run over up to six neighbouring lines. In
rounds, an optimal assignment (scipy) proposes places, and what is taken is cut out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz

from iqmetrics.nets.text.normal import distance, letters, lowered, similarities, similarity, words

MOST_LINES = 6
LEAST_SIMILARITY, MEANT_SIMILARITY = 0.3, 0.6
"""A target less like every place than the first was not lettered; from the second on it was."""

SLACK = 2
"""Letters by which a part of a line may be longer or shorter than the target."""

PROMISING = 0.5
"""Likeness from which on every part of a line is tried instead of the few around the likeliest."""
FEW = 8
"""Windows that are sooner compared one by one."""

KEPT = 1 << 14
"""Offers that are remembered: what one look leaves open is mostly what the next is held against."""

Piece = tuple[int, int, int]
"""Line, first and last + 1 plain character of it."""
Window = tuple[int, int]
"""First and last + 1 character of a place."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where one target was found: pieces in reading order, what they say, and how alike (0..1)."""

    pieces: tuple[Piece, ...]
    found: str
    similarity: float
    distance: float


class Offer(NamedTuple):
    """The stretch of a place that is most like a target, how alike (0..1), and the edits left."""

    start: int
    end: int
    similarity: float
    distance: float


def assign(
    targets: Sequence[str], lines: Sequence[str], orders: Sequence[Sequence[int]]
) -> list[Match | None]:
    """For each target its match, or None where nothing like it was read.

    Args:
        targets: the strings asked for.
        lines: the strings read.
        orders: sequences of line numbers that may be read on as one text (rows, columns, blocks).
    """
    from scipy.optimize import linear_sum_assignment

    wanted = [letters(t) for t in targets]
    read = [letters(t) for t in lines]
    taken = [bytearray(len(t)) for t in read]
    matches: list[Match | None] = [None] * len(wanted)
    open_targets = [i for i, t in enumerate(wanted) if t]
    while open_targets:
        places = _places(read, taken, orders)
        if not places:
            break
        parts = [tuple(read[line][a:b] for line, a, b in place) for place in places]
        offers = [[_offer(targets[t], wanted[t], said) for said in parts] for t in open_targets]
        gain = np.array(
            [
                [len(wanted[t]) * o.similarity for o in row]
                for t, row in zip(open_targets, offers, strict=True)
            ]
        )
        rows, columns = linear_sum_assignment(gain, maximize=True)
        order = sorted(
            zip(rows.tolist(), columns.tolist(), strict=True),
            key=lambda rc: (-offers[rc[0]][rc[1]].similarity, -gain[rc]),
        )
        settled: list[int] = []
        for row, column in order:
            offer = offers[row][column]
            if offer.similarity < LEAST_SIMILARITY:
                continue
            match = _match(offer, places[column], parts[column])
            if any(1 in taken[line][a:b] for line, a, b in match.pieces):
                continue
            if settled and offer.similarity < 0.999:
                continue  # a lesser one may do better once the sure ones are cut out
            for line, a, b in match.pieces:
                taken[line][a:b] = b"\1" * (b - a)
            matches[open_targets[row]] = match
            settled.append(open_targets[row])
        if not settled:
            break
        open_targets = [t for t in open_targets if t not in settled]
    return matches


def credit(match: Match | None) -> float:
    """What a match adds to completeness, 0..1: its similarity, less where chance may explain it."""
    if match is None:
        return 0.0
    if match.similarity >= MEANT_SIMILARITY:
        return match.similarity
    span = MEANT_SIMILARITY - LEAST_SIMILARITY
    return MEANT_SIMILARITY * max(0.0, match.similarity - LEAST_SIMILARITY) / span


def left_over(lines: Sequence[str], matches: Iterable[Match | None]) -> list[int]:
    """For each line how many of its plain characters belong to no target."""
    rest = [len(letters(line)) for line in lines]
    for match in matches:
        for line, a, b in match.pieces if match else ():
            rest[line] -= b - a
    return rest


def _places(
    read: Sequence[str], taken: Sequence[bytearray], orders: Sequence[Sequence[int]]
) -> list[tuple[Piece, ...]]:
    """Every free stretch of a line, and every run of up to six wholly free neighbours.

    `taken` has a 1 for each character of each line that belongs to a target already, else a 0.
    """
    whole = [bool(text) and 1 not in own for text, own in zip(read, taken, strict=True)]
    singles = [piece for line in range(len(read)) for piece in _free(line, taken[line])]
    runs: set[tuple[Piece, ...]] = {(piece,) for piece in singles}
    for order in orders:
        for first in range(len(order)):
            run: list[Piece] = []
            for line in order[first : first + MOST_LINES]:
                if not whole[line]:
                    break
                run.append((line, 0, len(read[line])))
                runs.add(tuple(run))
    return sorted(runs)


def _around(target: str, text: str) -> list[Window]:
    """The stretch that shares most letters with the target, and a letter more on either side."""
    part = fuzz.partial_ratio_alignment(lowered(target), lowered(text))
    if part is None or len(text) <= len(target):
        return []
    first, last = part.dest_start, part.dest_end
    return [
        (max(0, first - before), min(len(text), last + after))
        for before in (0, 1)
        for after in (0, 1)
    ]


def _all(wanted: int, sizes: Sequence[int]) -> list[Window]:
    """Every fair stretch of a place, of pieces so long, that is about as long as the target."""
    size = sum(sizes)
    latest, earliest = (size, 0) if len(sizes) == 1 else (sizes[0] // 2, size - sizes[-1] // 2)
    shortest, longest = max(1, wanted - SLACK), wanted + SLACK
    return [
        (start, end)
        for start in range(min(latest, size - shortest) + 1)
        for end in range(max(earliest, start + shortest), min(size, start + longest) + 1)
    ]


def _best(target: str, text: str, windows: Sequence[Window]) -> tuple[float, Window]:
    """How like the window is that is most like the target, and it; the shorter of equals."""
    if len(windows) < FEW:
        alike = [similarity(target, text[start:end]) for start, end in windows]
    else:
        alike = similarities(target, [text[start:end] for start, end in windows]).tolist()
    return max(
        zip(alike, windows, strict=True), key=lambda found: (found[0], found[1][0] - found[1][1])
    )


def _fair(window: Window, sizes: Sequence[int]) -> bool:
    """A run over lines takes at least half of its first and of its last line, or it is no run."""
    if len(sizes) == 1:
        return True
    first = sizes[0] - window[0]
    last = window[1] - sum(sizes[:-1])
    return 2 * first >= sizes[0] and 2 * last >= sizes[-1]


def _free(line: int, taken: bytearray) -> list[Piece]:
    found, start = [], taken.find(0)
    while start >= 0:
        end = taken.find(1, start)
        end = len(taken) if end < 0 else end
        found.append((line, start, end))
        start = taken.find(0, end)
    return found


@lru_cache(KEPT)
def _offer(text: str, target: str, parts: tuple[str, ...]) -> Offer:
    """The best stretch of a place, or nothing where a stray letter would mend a misspelling.

    Over several lines a part of one letter counts only if that letter is a word of the target;
    parts of nothing but single letters are lettering that is stacked.
    """
    offer = _best_stretch(target, parts)
    taken = _cut(offer, [len(part) for part in parts])
    said = [lowered(parts[k][a:b]) for k, a, b in taken]
    single = {part for part in said if len(part) == 1 and part.isascii()}
    if single and len(said) > 1 and len(single) < len(set(said)) and not single <= set(words(text)):
        return Offer(0, 0, 0.0, float(len(target)))
    return offer


def _best_stretch(target: str, parts: tuple[str, ...]) -> Offer:
    """The stretch of a place that is most like the target: the whole, or a window of it."""
    text, sizes = "".join(parts), [len(part) for part in parts]
    whole = (0, len(text))
    alike, window = _best(
        target, text, [w for w in (whole, *_around(target, text)) if _fair(w, sizes)] or [whole]
    )
    if PROMISING <= alike < 1 and len(text) > len(target):
        exact = _best(target, text, [whole, *_all(len(target), sizes)])
        if exact[0] >= MEANT_SIMILARITY:
            alike, window = exact
    start, end = window
    return Offer(start, end, max(0.0, alike), distance(target, text[start:end]))


def _cut(offer: Offer, sizes: Sequence[int]) -> list[Piece]:
    """What it takes of each piece of a place: number of the piece, first and last + 1 character."""
    found, offset = [], 0
    for k, size in enumerate(sizes):
        lo, hi = max(offer.start - offset, 0), min(offer.end - offset, size)
        if lo < hi:
            found.append((k, lo, hi))
        offset += size
    return found


def _match(offer: Offer, place: tuple[Piece, ...], parts: tuple[str, ...]) -> Match:
    """The offer of a place, with where that is in the lines."""
    taken = _cut(offer, [len(part) for part in parts])
    pieces = tuple((place[k][0], place[k][1] + lo, place[k][1] + hi) for k, lo, hi in taken)
    found = "".join(parts)[offer.start : offer.end]
    return Match(pieces, found, offer.similarity, offer.distance)
