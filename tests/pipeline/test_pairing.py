"""Images pair by prompt and seed, else by pick; nothing without a partner is averaged."""

from iqmetrics.pipeline.pairing import pair
from iqmetrics.records import Cell


def cell(prompt: str, seed: int | None, pick: int, model: str = "m", value: float = 0.0) -> Cell:
    return Cell(model, prompt, seed, pick, f"{model}/{prompt}/{seed}-{pick}.png", {"x": value})


def places(pairs: list[tuple[Cell, Cell]]) -> list[tuple[str, int | None, int | None]]:
    return [(a.prompt_id, a.seed, b.seed) for a, b in pairs]


def test_common_seeds_pair_whatever_the_order() -> None:
    found = pair([cell("p", 7, 1), cell("p", 9, 2)], [cell("p", 9, 1), cell("p", 7, 2)])
    assert places(found.pairs) == [("p", 7, 7), ("p", 9, 9)]
    assert (found.unmatched, found.by_pick) == ([], 0)


def test_without_common_seeds_the_pick_pairs_and_is_counted() -> None:
    found = pair([cell("p", 1, 1), cell("p", 2, 2)], [cell("p", None, 1), cell("p", None, 2)])
    assert places(found.pairs) == [("p", 1, None), ("p", 2, None)]
    assert found.by_pick == 1


def test_what_has_no_partner_is_listed() -> None:
    found = pair(
        [cell("p", 1, 1), cell("p", 2, 2), cell("q", 1, 1)], [cell("p", 1, 1), cell("r", 1, 1)]
    )
    assert places(found.pairs) == [("p", 1, 1)]
    assert found.unmatched == [
        "prompt p: seed 2 is only in the baseline",
        "prompt q is only in the baseline",
        "prompt r is only in the candidate",
    ]


def test_several_images_of_one_seed_pair_in_order() -> None:
    twice = [cell("p", 1, 1, value=1.0), cell("p", 1, 2, value=2.0)]
    found = pair(twice, twice)
    assert [(a.values["x"], b.values["x"]) for a, b in found.pairs] == [(1, 1), (2, 2)]


def test_sets_pair_with_sets_of_the_same_scorer() -> None:
    def judged(metric: str) -> Cell:
        return Cell("m", "p", None, None, "", {metric: 1.0})

    found = pair([judged("diversity"), judged("fid")], [judged("fid"), judged("diversity")])
    assert all(a.values == b.values for a, b in found.pairs)
    assert (len(found.pairs), found.by_pick) == (2, 0)


def test_a_set_that_only_one_side_was_scored_for_is_no_missing_seed() -> None:
    judged = Cell("m", "p", None, None, "", {"a.x": 1.0}, {"a.y": "abstained"})
    found = pair([cell("p", 1, 1), judged], [cell("p", 1, 1)])
    assert len(found.pairs) == 1
    assert found.unmatched == ["prompt p: the baseline alone was scored for a.x, a.y"]


def test_pairing_is_the_same_from_both_sides() -> None:
    ours = [cell("p", 1, 1), cell("p", 2, 2), cell("q", None, 1)]
    theirs = [cell("p", 2, 1), cell("p", 3, 2), cell("q", 5, 1)]
    there, back = pair(ours, theirs), pair(theirs, ours)
    assert {(a.image, b.image) for a, b in there.pairs} == {
        (b.image, a.image) for a, b in back.pairs
    }
    assert len(there.unmatched) == len(back.unmatched)
    assert there.by_pick == back.by_pick == 1


def test_every_cell_is_paired_or_listed_once() -> None:
    ours = [cell("p", seed, seed) for seed in range(1, 6)] + [cell("q", 1, 1)]
    theirs = [cell("p", seed, seed) for seed in range(3, 9)]
    found = pair(ours, theirs)
    assert len(found.pairs) == 3
    assert len(found.unmatched) == 2 + 3 + 1, "two ours, three theirs, one prompt"
    assert len({a.image for a, _ in found.pairs}) == 3


def test_one_common_seed_decides_for_the_whole_prompt() -> None:
    """Else the others would be paired by pick and seed at once, some of them twice."""
    found = pair([cell("p", 1, 1), cell("p", 2, 2)], [cell("p", 2, 1), cell("p", 9, 2)])
    assert places(found.pairs) == [("p", 2, 2)]
    assert found.by_pick == 0


def test_seeds_that_are_zero_are_seeds() -> None:
    found = pair([cell("p", 0, 1)], [cell("p", 0, 7)])
    assert places(found.pairs) == [("p", 0, 0)]
    assert found.by_pick == 0


def test_the_order_of_cells_says_nothing() -> None:
    ours = [cell("p", 1, n, value=n) for n in (1, 2, 3)]
    theirs = [cell("p", 1, n, value=n) for n in (1, 2, 3)]
    found = pair(ours[::-1], theirs)
    assert all(a.pick == b.pick for a, b in found.pairs)


def test_nothing_pairs_with_nothing() -> None:
    assert pair([], []).pairs == []
    assert pair([cell("p", 1, 1)], []).unmatched == ["prompt p is only in the baseline"]


def test_pairs_stand_in_the_order_of_prompts_and_picks() -> None:
    """Prompts come from a set; what is drawn from the pairs must not differ from run to run."""
    cells = [cell(f"p{n:02d}", None, pick) for pick in (2, 1) for n in range(30)]
    found = pair(cells[::-1], cells).pairs
    assert [(a.prompt_id, a.pick) for a, _ in found] == [
        (f"p{n:02d}", pick) for n in range(30) for pick in (1, 2)
    ]


def test_a_set_has_no_place_in_a_seed_plan() -> None:
    """Whatever seed or pick it was stored with."""
    ours = Cell("m", "p", 1, 1, "", {"diversity": 1.0})
    theirs = Cell("m", "p", 2, 2, "", {"diversity": 2.0})
    found = pair([cell("p", 5, 1), ours], [cell("p", 5, 1), theirs])
    assert [(a.image == "", b.image == "") for a, b in found.pairs] == [
        (True, True),
        (False, False),
    ]
    assert found.unmatched == []
