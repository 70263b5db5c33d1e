from itertools import product

import numpy as np
import pytest
import torch

from iqmetrics.nets.text.readability import (
    UNDAMAGED,
    UNDAMAGED_STROKES,
    ctc_likelihood,
    forced,
    readability,
    scaled,
    shares,
    sound,
)


@pytest.mark.parametrize("classes", [[3, 1, 2], [2, 2], [1], [4, 4, 4, 1]])
def test_ctc_agrees_with_torch(classes: list[int]) -> None:
    answer = np.random.default_rng(len(classes)).dirichlet(np.ones(6), 14).astype(np.float32)
    loss = torch.nn.functional.ctc_loss(
        torch.tensor(answer).log()[:, None],
        torch.tensor([classes]),
        torch.tensor([14]),
        torch.tensor([len(classes)]),
        reduction="sum",
    )
    expected = float(torch.exp(-loss / len(classes)))
    assert ctc_likelihood(answer, classes) == pytest.approx(expected, rel=1e-4)


def test_a_certain_answer_has_likelihood_one_and_a_short_one_none() -> None:
    certain = np.eye(4, dtype=np.float32)[[1, 0, 2, 2, 0, 3]]
    assert ctc_likelihood(certain, [1, 2, 3]) == pytest.approx(1, abs=1e-6)
    assert ctc_likelihood(certain, [1, 3, 2]) < 0.01
    assert ctc_likelihood(certain[:2], [1, 2, 3]) == 0
    assert ctc_likelihood(certain, []) == 0


@pytest.mark.parametrize(
    ("target", "line", "expected"),
    [
        ("Garden Party", "GARDEN PABTY!", "GARDEN PArTY!"),
        ("open late", "Open Late", "Open Late"),
        ("birthday", "birthdy", "birthday"),
        ("cat", "cart", "cat"),
        ("OPEN", "", "OPEN"),
        ("开业大吉", "开业大古", "开业大吉"),
    ],
)
def test_forced_changes_only_the_wrong_letters(target: str, line: str, expected: str) -> None:
    assert forced(target, line) == expected


def test_shares_cut_the_target_where_the_lines_break() -> None:
    assert shares("GRAND OPENING", ["GRAND", "OPENlNG"]) == ["GRAND", "OPENING"]
    assert shares("GRAND OPENING", ["GRAND"]) == ["GRANDOPENING"]
    assert "".join(shares("happybirthday", ["happy", "birthdy"])) == "happybirthday"


def test_scaled_is_monotone_from_0_to_1() -> None:
    values = [scaled(x) for x in np.linspace(0, 1, 21)]
    assert values == sorted(values) and values[0] == 0 and values[-1] == 1


def test_sound_strokes_read_well_up_to_the_knee_and_then_ever_worse() -> None:
    values = [sound(x) for x in np.linspace(0, 1, 21)]
    assert values == sorted(values, reverse=True) and values[0] == 1 and values[-1] == 0
    assert sound(0.4) > 0.9 > sound(0.5)


def test_readability_takes_both_views() -> None:
    assert readability(1.0, 0.0) == 1
    assert readability(0.0, 1.0) == 0
    assert 1 > readability(1.0, 1.0) > readability(0.0, 0.0) > 0


def test_the_views_are_joined_without_a_jump_at_their_knees() -> None:
    for view, knee in ((scaled, UNDAMAGED[0]), (sound, UNDAMAGED_STROKES[0])):
        below, at, above = (view(knee + d) for d in (-1e-6, 0.0, 1e-6))
        assert below == pytest.approx(at, abs=1e-4) and above == pytest.approx(at, abs=1e-4)
        assert at == pytest.approx(0.9)


def test_readability_never_falls_with_likelihood_nor_rises_with_damage() -> None:
    grid = np.linspace(0, 1, 15)
    for fixed in grid:
        likelier = [readability(b, fixed) for b in grid]
        worse = [readability(fixed, u) for u in grid]
        assert likelier == sorted(likelier) and worse == sorted(worse, reverse=True)
        assert min(likelier + worse) >= 0 and max(likelier + worse) <= 1


@pytest.mark.parametrize("beyond", [-0.5, 1.5])
def test_rounding_beyond_the_range_stays_within(beyond: float) -> None:
    assert 0 <= scaled(beyond) <= 1 and 0 <= sound(min(1.0, max(0.0, beyond))) <= 1


def test_a_repeated_letter_needs_a_blank_between() -> None:
    twice = np.eye(3, dtype=np.float32)[[1, 1]]
    parted = np.eye(3, dtype=np.float32)[[1, 0, 1]]
    assert ctc_likelihood(parted, [1, 1]) == pytest.approx(1, abs=1e-6)
    assert ctc_likelihood(twice, [1, 1]) < 1e-3
    assert ctc_likelihood(twice, [1]) == pytest.approx(1, abs=1e-6)


def test_all_strings_together_are_certain() -> None:
    answer = np.random.default_rng(1).dirichlet(np.ones(3), 3).astype(np.float32)
    strings = [s for n in (1, 2, 3) for s in product((1, 2), repeat=n)]
    total = sum(ctc_likelihood(answer, s) ** len(s) for s in strings)
    assert total + float(np.prod(answer[:, 0].astype(float))) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("target", "line", "expected"),
    [
        ("Café", "CAFE", "CAFé"),
        ("ＳＡＬＥ", "SOLE!", "SALE!"),
        ("I1", "l1", "l1"),
        ("5折", "5 拆", "5 折"),
        ("NEW YEAR", "NEW  YEA", "NEW  YEAR"),
        ("a", "!!", "a"),
    ],
)
def test_forced_in_mixed_scripts_and_widths(target: str, line: str, expected: str) -> None:
    assert forced(target, line) == expected


@pytest.mark.parametrize(
    "parts", [["开业", "大吉"], ["开", "业", "大", "吉"], ["开业大", "古"], ["开业大吉"]]
)
def test_shares_are_the_whole_target_in_order(parts: list[str]) -> None:
    found = shares("开业大吉", parts)
    assert len(found) == len(parts) and "".join(found) == "开业大吉"


def test_a_part_that_was_not_read_leaves_its_share_to_its_neighbour() -> None:
    found = shares("GRAND OPENING", ["GRAND", "OPEN"])
    assert "".join(found) == "GRANDOPENING" and found[0] == "GRAND"
