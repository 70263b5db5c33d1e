"""How the thresholds of the hand verdicts are chosen, on made-up answers."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "validity"))

from hands_answers import Row
from hands_rule import COUNTABLE, SURE, best, choose, facts

from iqmetrics.nets.hands.count import Answer


def answer(tips: int, classes: tuple[float, float, float], countable: float = 0.95) -> Answer:
    maps = np.zeros((4, 56, 56), np.float32)
    for k in range(tips):
        maps[:, 10, 6 + 6 * k] = 0.95
    state = np.tile(np.float32([countable, 1 - countable, 0, 0]), (4, 1))
    return Answer(maps, state, np.tile(np.float32(classes), (4, 1)))


def rows(name: str, n: int, told: Answer, half: int = 0) -> list[Row]:
    return [Row(told, name, half)] * n


def test_facts_of_a_clear_hand() -> None:
    which, sure, alone, countable, agree = facts(rows("x", 1, answer(6, (0.1, 0.2, 0.7)))[0])
    assert (which, agree) == (2, 4)
    assert alone == pytest.approx(0.7) and countable == pytest.approx(0.95) and sure > 0.95


def table(*groups: tuple[int, float, float, float, float]) -> np.ndarray:
    """Rows of class 0: how many, probability, alone, countable, truth."""
    return np.concatenate(
        [np.tile([0.0, sure, alone, countable, 4.0, true], (n, 1))
         for n, sure, alone, countable, true in groups]
    )  # fmt: skip


def test_the_wrong_ones_are_cut_off_and_the_right_ones_kept() -> None:
    found = best(table((50, 0.97, 0.9, 0.95, 0), (20, 0.86, 0.9, 0.95, 1)), np.full(70, "four"), 0)
    assert 0.86 < found.sure <= 0.97
    found = best(table((50, 0.97, 0.9, 0.95, 0), (20, 0.97, 0.5, 0.95, 1)), np.full(70, "four"), 0)
    assert 0.5 < found.alone <= 0.9


def test_of_equals_the_strictest() -> None:
    found = best(table((10, 0.999, 0.95, 0.95, 0)), np.full(10, "four"), 0)
    assert (found.sure, found.countable, found.views) == (max(SURE), max(COUNTABLE), 3)


@pytest.mark.parametrize(
    ("name", "n", "fair"),
    [("four", 2, True), ("normal", 1, True), ("normal", 2, False), ("closed", 1, False)],
)
def test_untouched_hands_are_hardly_ever_slandered(name: str, n: int, fair: bool) -> None:
    """Two of 202 would be few enough; of untouched open hands one is allowed, of closed none."""
    data = table((200, 0.96, 0.9, 0.9, 0), (n, 0.99, 0.95, 0.95, 1))  # no threshold parts them
    named = np.array(["four"] * 200 + [name] * n)
    if fair:
        assert best(data, named, 0).sure == 0.96
    else:
        with pytest.raises(ValueError, match="missing"):
            best(data, named, 0)


def test_nothing_good_enough_is_an_error() -> None:
    with pytest.raises(ValueError, match="missing"):
        best(table((10, 0.999, 0.95, 0.95, 1)), np.full(10, "five"), 0)


def test_only_the_asked_half_decides() -> None:
    four, five = answer(4, (0.98, 0.01, 0.01)), answer(5, (0.01, 0.98, 0.01))
    six = answer(6, (0.01, 0.01, 0.98))
    good = {n: rows(n, 9, a) for n, a in (("four", four), ("five", five), ("six", six))}
    liar = rows("five", 9, four, half=1)
    truth = {"four": 0, "five": 1, "six": 2}
    alone = choose(good, truth)
    assert choose(good | {"five": good["five"] + liar}, truth) == alone
    with pytest.raises(ValueError, match="missing"):
        choose({"five": liar, "six": rows("six", 9, six, 1)}, truth, half=1)
