import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.nets.text.matching import LEAST_SIMILARITY, Match, assign, credit, left_over
from iqmetrics.nets.text.normal import similarity


def say(targets: list[str], lines: list[str], order: list[int] | None = None) -> list[str | None]:
    runs = [order if order is not None else list(range(len(lines)))]
    return [m.found if m else None for m in assign(targets, lines, runs)]


def test_order_of_lines_does_not_matter() -> None:
    assert say(["OPEN", "SHUT"], ["SHUT", "OPEN"]) == ["OPEN", "SHUT"]


def test_a_target_may_run_over_lines() -> None:
    matches = assign(["GRAND OPENING TODAY"], ["GRAND", "OPENING", "TODAY"], [[0, 1, 2]])
    assert matches[0] is not None
    assert matches[0].similarity == 1
    assert matches[0].pieces == ((0, 0, 5), (1, 0, 7), (2, 0, 5))


def test_two_targets_may_share_a_line() -> None:
    assert say(["left", "right"], ["LEFT | RIGHT"]) == ["LEFT", "RIGHT"]


def test_repeats_need_as_many_places() -> None:
    assert say(["Lens", "Lens"], ["Lens"]) in (["Lens", None], [None, "Lens"])
    assert say(["Lens", "Lens"], ["Lens", "Lens"]) == ["Lens", "Lens"]


def test_a_better_fit_is_not_lost_to_a_worse_one() -> None:
    assert say(["OPEN", "OPER"], ["OPER", "OPEN"]) == ["OPEN", "OPER"]


def test_what_is_unlike_everything_is_not_found() -> None:
    assert say(["MOUNTAIN"], ["XYZQW"]) == [None]
    assert say(["OPEN"], []) == [None]
    assert say([], ["OPEN"]) == []


def test_a_misspelling_is_found_with_its_distance() -> None:
    (match,) = assign(["Happy Birthday"], ["Hapy Birthday"], [[0]])
    assert match is not None and match.distance == 1
    assert match.similarity == pytest.approx(1 - 1 / 13)


def test_left_over_counts_what_nobody_asked_for() -> None:
    lines = ["OPEN DAILY", "exit"]
    assert left_over(lines, assign(["OPEN"], lines, [[0, 1]])) == [5, 4]
    assert left_over(lines, [None]) == [9, 4]


def test_credit_is_the_similarity_less_what_chance_explains() -> None:
    def at(similarity: float) -> float:
        return credit(Match((), "", similarity, 0))

    assert credit(None) == 0 and at(0.3) == 0 and at(0.45) == pytest.approx(0.3)
    assert at(0.6) == pytest.approx(0.6) and at(0.9) == 0.9


words = st.lists(st.sampled_from(["OPEN", "SHUT", "SALE", "EXIT", "开业", "大吉"]), max_size=4)


@given(words, words)
def test_no_character_is_used_twice_and_nothing_beats_the_optimum(
    targets: list[str], lines: list[str]
) -> None:
    matches = assign(targets, lines, [list(range(len(lines)))])
    used = [(line, i) for m in matches if m for line, a, b in m.pieces for i in range(a, b)]
    assert len(used) == len(set(used))
    assert all(m is None or m.similarity >= LEAST_SIMILARITY for m in matches)
    got = sum(m is not None and m.similarity == 1 for m in matches)
    padded = [*lines, *[""] * len(targets)]
    best = max(
        sum(similarity(t, x) == 1 for t, x in zip(targets, chosen, strict=True) if x)
        for chosen in itertools.permutations(padded, len(targets))
    )
    assert got >= best


def test_a_stray_letter_mends_no_misspelling() -> None:
    assert say(["Lense"], ["Lens", "e"]) == ["Lens"]
    assert say(["Lense"], ["Lens", "eo"]) == ["Lens"]
    assert say(["VITAMIN C"], ["VITAMIN", "C"]) == ["VITAMINC"]
    assert say(["SALE"], ["S", "A", "L", "E"]) == ["SALE"], "stacked letters"
