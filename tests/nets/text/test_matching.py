import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.nets.text import matching
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


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        ("ＳＡＬＥ", ["SALE"]),
        ("Cafe\u0301", ["CAFÉ"]),
        ("全场５折", ["全场 5折"]),
        ("Wi-Fi 免费", ["WiFi免费"]),
        ("ｶﾞｲﾄﾞ", ["ガイド"]),
        ("?!", ["?!"]),
        ("I ❤️ NY", ["I NY"]),
    ],
)
def test_what_is_written_otherwise_is_the_same(target: str, lines: list[str]) -> None:
    (match,) = assign([target], lines, [])
    assert match is not None and match.similarity == 1 and match.distance == 0


def test_a_mixed_target_runs_over_lines_of_two_scripts() -> None:
    assert say(["Café 咖啡"], ["CAFE", "咖啡"]) == ["CAFE咖啡"]
    assert say(["咖啡 Café"], ["Café", "咖啡"], order=[1, 0]) == ["咖啡Café"]


def test_hanzi_in_a_column_are_read_down_it() -> None:
    assert say(["开业大吉"], ["开", "业", "大", "吉"]) == ["开业大吉"]
    assert say(["开业大吉"], ["吉", "大", "业", "开"], order=[3, 2, 1, 0]) == ["开业大吉"]


def test_a_hanzi_in_the_wrong_place_costs_edits() -> None:
    (match,) = assign(["开业大吉"], ["开大业吉"], [[0]])
    assert match is not None and match.distance == 2 and match.similarity == 0.5


def test_a_run_is_of_at_most_six_lines() -> None:
    words = ["ONE", "TWO", "RED", "SIX", "TEN", "SKY", "CAR"]
    whole, longer = " ".join(words[:6]), " ".join(words)
    (found,) = assign([whole], words, [list(range(7))])
    assert found is not None and found.similarity == 1 and len(found.pieces) == 6
    (cut,) = assign([longer], words, [list(range(7))])
    assert cut is not None and cut.similarity < 1


def test_lines_without_an_order_are_not_read_on() -> None:
    (match,) = assign(["GRAND OPENING"], ["GRAND", "OPENING"], [])
    assert match is not None and match.found == "OPENING"


def test_nothing_is_taken_twice_by_targets_within_each_other() -> None:
    assert say(["SALE", "SUMMER SALE"], ["SUMMER SALE"])[1] == "SUMMERSALE"
    first, second = assign(["OPEN", "OPEN LATE"], ["OPEN LATE", "OPEN"], [])
    assert first is not None and second is not None
    assert first.pieces == ((1, 0, 4),) and second.pieces == ((0, 0, 8),)


def test_an_empty_target_and_empty_lines_match_nothing() -> None:
    assert say(["", "OPEN"], ["OPEN", ""]) == [None, "OPEN"]
    assert say(["OPEN"], ["", "  "]) == [None]


@given(words, words, st.randoms())
def test_matches_do_not_depend_on_the_order_of_targets(
    targets: list[str], lines: list[str], chance: Random
) -> None:
    shuffled = list(range(len(targets)))
    chance.shuffle(shuffled)
    straight = assign(targets, lines, [])
    mixed = assign([targets[i] for i in shuffled], lines, [])
    assert sorted(m.similarity if m else 0 for m in straight) == pytest.approx(
        sorted(m.similarity if m else 0 for m in mixed)
    )


@given(words, words)
def test_what_is_left_over_and_what_is_matched_are_the_whole(
    targets: list[str], lines: list[str]
) -> None:
    matches = assign(targets, lines, [])
    rest = left_over(lines, matches)
    used = sum(b - a for m in matches if m for _, a, b in m.pieces)
    assert sum(rest) + used == sum(len(line) for line in lines)
    assert all(n >= 0 for n in rest)


def test_credit_rises_with_similarity_and_never_exceeds_it() -> None:
    steps = [i / 50 for i in range(51)]
    values = [credit(Match((), "", s, 0)) for s in steps]
    assert values == sorted(values)
    assert all(v <= s for v, s in zip(values, steps, strict=True))


def test_a_lesser_match_waits_for_what_the_sure_ones_leave() -> None:
    sure, later = assign(["OPEN", "LATE"], ["OPENLATE", "LANE"], [[0], [1]])
    assert sure is not None and sure.pieces == ((0, 0, 4),)
    assert later is not None and later.pieces == ((0, 4, 8),) and later.similarity == 1


def test_what_a_run_of_lines_has_used_is_not_there_for_another_target() -> None:
    both, part = assign(["OPEN LATE", "LATE"], ["OPEN", "LATE"], [[0, 1]])
    assert both is not None and both.found == "OPENLATE"
    assert part is None


def test_a_letter_too_many_belongs_to_the_word_it_stands_in() -> None:
    (found,) = assign(["BREAD"], ["XXBREAWDXX"], [[0]])
    assert found is not None and (found.found, found.distance) == ("BREAWD", 1)


@pytest.mark.parametrize(
    ("target", "line", "found", "edits"),
    [
        ("BREAD", "XXBWREADXX", "BWREAD", 1),
        ("BREAD", "XXBREAWDXX", "BREAWD", 1),
        ("BREAD", "XXBRWEADXX", "BRWEAD", 1),
        ("BREAD", "XXBWWREADXX", "READ", 1),
        ("BREAD", "BWREAD", "BWREAD", 1),
        ("GRAND OPENING", "NOWGRAXNDOPENINGTODAY", "GRAXNDOPENING", 1),
        ("GRAND OPENING", "NOWGRAXXNDOPENINGTODAY", "GRAXXNDOPENING", 2),
        ("GRAND OPENING", "NOWGRDOPENINGTODAY", "GRDOPENING", 2),
    ],
)
def test_letters_too_many_do_not_move_the_window(
    target: str, line: str, found: str, edits: int
) -> None:
    (match,) = assign([target], [line], [[0]])
    assert match is not None and (match.found, match.distance) == (found, edits)


def test_of_windows_as_like_the_shorter_one_is_taken() -> None:
    """READ lacks a letter, XREAD has a wrong one: the X belongs to whatever stands before."""
    (match,) = assign(["BREAD"], ["XXXREADXXX"], [[0]])
    assert match is not None and (match.found, match.similarity) == ("READ", pytest.approx(0.8))


def test_a_window_ends_where_the_line_ends() -> None:
    for line in ("BREADXX", "XXBREAD"):
        (match,) = assign(["BREAD"], [line], [[0]])
        assert match is not None and match.found == "BREAD"


texts = st.text("ABCDE", min_size=4, max_size=11)


@given(texts, texts)
def test_no_part_of_a_line_is_more_like_a_target_that_was_meant(target: str, line: str) -> None:
    ends = itertools.combinations(range(len(line) + 1), 2)
    parts = [line[a:b] for a, b in ends if abs(b - a - len(target)) <= matching.SLACK]
    longer = len(line) > len(target)
    best = max(similarity(target, part) for part in ([*parts, line] if longer else [line]))
    taken = matching._best_stretch(target, (line,))
    if best >= 0.75:
        assert taken.similarity == pytest.approx(best)


@pytest.mark.parametrize(
    ("target", "line", "likest"),
    [("MOUNTAIN", "PLEASEMINDTHESTEP", "MIN"), ("LEMONADE", "OPENDAILYFROMNINE", "YFROMNINE")],
)
def test_where_nothing_was_meant_chance_is_not_given_every_place(
    target: str, line: str, likest: str
) -> None:
    """Of a hundred stretches of a line one is always a little like any target."""
    assert likest in line and similarity(target, likest) > LEAST_SIMILARITY
    assert assign([target], [line], [[0]]) == [None]


@pytest.mark.parametrize(("line", "found"), [("RIVERPLEASE", "RPLEA"), ("RIVERNIGHT", "IVERN")])
def test_a_distant_likeness_reaches_a_letter_beyond_what_is_shared(line: str, found: str) -> None:
    (match,) = assign(["OPEN"], [line], [[0]])
    assert match is not None and match.found == found


@pytest.mark.parametrize(
    ("window", "fair"), [((8, 20), False), ((0, 12), False), ((5, 15), True), ((6, 15), False)]
)
def test_a_run_takes_half_of_its_first_and_of_its_last_line(
    window: tuple[int, int], fair: bool
) -> None:
    assert matching._fair(window, (10, 10)) is fair


def test_what_is_left_of_a_line_is_all_but_the_match() -> None:
    match = Match(((0, 3, 7),), "OPEN", 1.0, 0.0)
    assert left_over(["NOW OPEN!", "EXIT"], [match, None]) == [len("NOWOPEN") - 4, 4]


@given(st.integers(1, 8), st.lists(st.integers(1, 7), min_size=1, max_size=3))
def test_all_parts_are_the_fair_ones_about_as_long_as_the_target(
    wanted: int, sizes: list[int]
) -> None:
    ends = itertools.combinations(range(sum(sizes) + 1), 2)
    near = [w for w in ends if abs(w[1] - w[0] - wanted) <= matching.SLACK]
    assert sorted(matching._all(wanted, sizes)) == [w for w in near if matching._fair(w, sizes)]


def test_a_misspelling_that_runs_over_lines_is_found_in_both() -> None:
    (match,) = assign(["GRAND OPENING"], ["XXGRAXND", "OPEWNINGYY"], [[0, 1]])
    assert match is not None and (match.found, match.distance) == ("GRAXNDOPEWNING", 2)
    assert match.pieces == ((0, 2, 8), (1, 0, 8))


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        (b"", []),
        (b"\0\0\0", [(5, 0, 3)]),
        (b"\1\1", []),
        (b"\0\1\1\0\0", [(5, 0, 1), (5, 3, 5)]),
        (b"\1\0\1", [(5, 1, 2)]),
    ],
)
def test_what_is_free_of_a_line_lies_between_what_is_taken(taken: bytes, free: list) -> None:
    assert matching._free(5, bytearray(taken)) == free
