"""Which image of one model belongs to which of the other: same prompt, same seed or pick.

Seeds pair when a prompt has at least one seed in common, else the pick does (models that share no
seed plan, hosted models without seeds). What finds no partner is listed, never averaged.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from iqmetrics.records import Cell

IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs (baseline, candidate), and one sentence for each cell or prompt without a partner."""

    pairs: Sequence[tuple[Cell, Cell]]
    unmatched: Sequence[str]
    by_pick: int = 0
    """Prompts paired by pick because no seed is common."""


def pair(baseline: Iterable[Cell], candidate: Iterable[Cell]) -> Pairing:
    """Pair the cells of two models."""
    left, right = _by_prompt(baseline), _by_prompt(candidate)
    pairs: list[tuple[Cell, Cell]] = []
    unmatched = [f"prompt {p} is only in the baseline" for p in left if p not in right]
    unmatched += [f"prompt {p} is only in the candidate" for p in right if p not in left]
    by_pick = 0
    for prompt in left.keys() & right.keys():
        ours, theirs = left[prompt], right[prompt]
        seeds = {c.seed for c in ours if c.seed is not None} & {c.seed for c in theirs}
        plan = "seed" if seeds else "pick"
        by_pick += not seeds and any(cell.image for cell in ours)
        matched, lonely = _match(prompt, plan, ours, theirs)
        pairs += matched
        unmatched += lonely
    pairs.sort(key=lambda two: (two[0].prompt_id, two[0].pick or 0, two[0].image))
    return Pairing(pairs, sorted(unmatched), by_pick)


def _by_prompt(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    prompts: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        prompts[cell.prompt_id].append(cell)
    return prompts


def _match(
    prompt: str, plan: str, ours: Sequence[Cell], theirs: Sequence[Cell]
) -> tuple[list[tuple[Cell, Cell]], list[str]]:
    left, right = _places(plan, ours), _places(plan, theirs)
    pairs = [(cell, right[place]) for place, cell in left.items() if place in right]
    lonely = [
        _told(prompt, plan, place, side)
        for side, mine, other in (("baseline", left, right), ("candidate", right, left))
        for place in mine
        if place not in other
    ]
    return pairs, lonely


def _told(prompt: str, plan: str, place: tuple[object, int, str], side: str) -> str:
    """What is only on one side: an image, or what one scorer said of a set."""
    seed, _, kind = place
    if kind == IMAGE:
        return f"prompt {prompt}: {plan} {seed} is only in the {side}"
    return f"prompt {prompt}: the {side} alone was scored for {kind.replace(',', ', ')}"


def _places(plan: str, cells: Sequence[Cell]) -> dict[tuple[object, int, str], Cell]:
    """Cells by seed or pick; several of one seed are numbered, sets stand apart from images."""
    places: dict[tuple[object, int, str], Cell] = {}
    for cell in sorted(cells, key=lambda c: (c.pick or 0, c.image)):
        kind = IMAGE if cell.image else ",".join(sorted({*cell.values, *cell.missing}))
        number = 0
        while (place := (getattr(cell, plan) if cell.image else None, number, kind)) in places:
            number += 1
        places[place] = cell
    return places
