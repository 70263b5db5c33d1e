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
