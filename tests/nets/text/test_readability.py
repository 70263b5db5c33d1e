import numpy as np
import pytest
import torch

from iqmetrics.nets.text.readability import (
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
