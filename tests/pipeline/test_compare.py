"""better / worse / tied / too few: each where it is true, by construction."""

from dataclasses import replace

import numpy as np
import pytest
from factory import Toy, card

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.pipeline import compare as module
from iqmetrics.pipeline.compare import Contrast, by_prompt, compare
from iqmetrics.records import Better, Metric, Scorecard
from iqmetrics.stats.paired import Effect

RNG = np.random.default_rng(3)
BASE = RNG.normal(0.5, 0.1, size=(100, 4))


def judge(other: np.ndarray, metric: Metric = Toy.metrics[0], **margins: float) -> Contrast:
    both = card({"old": BASE, "new": other}, metric)
    return compare(
        both, "old", both, "new", margins and {metric.name: margins["margin"]}
    ).contrasts[0]


def test_a_real_gain_is_better_and_a_real_loss_is_worse() -> None:
    noise = RNG.normal(0, 0.02, size=BASE.shape)
    gain = judge(BASE + 0.05 + noise)
    assert gain.answer == "better"
    assert gain.low < 0.05 < gain.high
    assert gain.win_rate > 0.9
    assert judge(BASE - 0.05 + noise).answer == "worse"


def test_the_direction_of_the_metric_decides() -> None:
    more = BASE + 0.05 + RNG.normal(0, 0.02, size=BASE.shape)
    assert judge(more, Toy.metrics[1]).answer == "worse"
    assert (judge(more, Toy.metrics[1]).unit, judge(more).unit) == ("px", "")
    neither = replace(Toy.metrics[0], better="neither")
    assert judge(more, neither).answer == "differs"
    assert judge(more, neither).win_rate is None


def test_a_difference_that_does_not_matter_is_tied() -> None:
    found = judge(BASE + 0.001 + RNG.normal(0, 0.02, size=BASE.shape))
    assert (found.answer, found.needed) == ("tied", None)


def test_noise_on_few_prompts_is_too_few_and_says_how_many() -> None:
    other = BASE + RNG.normal(0, 0.1, size=BASE.shape)
    both = card({"old": BASE[:8], "new": other[:8]})
    found = compare(both, "old", both, "new").contrasts[0]
    assert found.answer == "too few"
    assert found.needed > 8


def test_below_five_prompts_nothing_is_claimed() -> None:
    both = card({"old": BASE[:4], "new": BASE[:4] + 0.3})
    found = compare(both, "old", both, "new").contrasts[0]
    assert (found.answer, found.low, found.high) == ("too few", None, None)
    assert found.difference == pytest.approx(0.3)


def test_pairing_removes_what_prompts_have_in_common() -> None:
    hard = BASE + RNG.normal(0, 5, size=(100, 1))
    both = card({"old": hard, "new": hard + 0.05 + RNG.normal(0, 0.02, size=BASE.shape)})
    assert compare(both, "old", both, "new", {"toy.good": 0.01}).contrasts[0].answer == "better"


def test_other_versions_are_refused() -> None:
    both = card({"old": BASE, "new": BASE})
    rows = tuple(replace(r, scorer_version="2+abc") if r.model == "new" else r for r in both.rows)
    found = compare(both, "old", replace(both, rows=rows), "new").contrasts[0]
    assert found.answer == "refused"
    assert "different versions" in found.reason


def test_a_metric_that_only_one_side_has_is_refused() -> None:
    one = card({"old": BASE})
    other = card({"new": BASE}, replace(Toy.metrics[0], name="toy.other"))
    assert compare(one, "old", other, "new").contrasts[0].answer == "refused"


def lose(both: Scorecard, model: str, count: int) -> Scorecard:
    cells, left = [], count
    for cell in both.cells:
        if cell.model == model and left:
            cell = replace(cell, values={}, missing={"toy.good": "abstained"})
            left -= 1
        cells.append(cell)
    return replace(both, cells=tuple(cells))


def test_pairs_without_a_value_on_both_sides_are_counted_as_lost() -> None:
    both = lose(card({"old": BASE, "new": BASE + 0.05}), "new", 10)
    found = compare(both, "old", both, "new").contrasts[0]
    assert (found.pairs, found.lost) == (390, 10)


def test_nothing_measured_is_no_answer() -> None:
    both = lose(card({"old": BASE, "new": BASE}), "new", 400)
    found = compare(both, "old", both, "new").contrasts[0]
    assert (found.answer, found.lost, found.difference) == ("not measured", 400, None)


def test_a_prompt_counts_once_however_many_of_its_seeds_have_a_partner() -> None:
    """(1, 3) and 7 against (2, 4) and 9: the mean of two prompts, not of three images."""
    both = card({"old": np.array([[1.0, 3], [5, 7]]), "new": np.array([[2.0, 4], [8, 9]])})
    gone = next(c for c in both.cells if c.values == {"toy.good": 8.0})
    cells = tuple(
        replace(c, values={}, missing={"toy.good": "abstained"}) if c is gone else c
        for c in both.cells
    )
    comparison = compare(both, "old", replace(both, cells=cells), "new")
    found = comparison.contrasts[0]
    assert (found.baseline, found.candidate, found.difference) == (4.5, 6.0, 1.5)
    assert (found.prompts, found.pairs, found.lost, found.win_rate) == (2, 3, 1, 1.0)
    assert found.margin == pytest.approx(0.2 * np.std([1, 3, 7], ddof=1))
    changes = {c.prompt_id: (c.baseline, c.candidate, c.pairs) for c in by_prompt(comparison)}
    assert changes == {"prompt-0": (2.0, 3.0, 2), "prompt-1": (7.0, 9.0, 1)}


def test_one_pair_has_no_spread_to_take_a_margin_from() -> None:
    both = card({"old": np.array([[0.5]]), "new": np.array([[0.75]])})
    found = compare(both, "old", both, "new").contrasts[0]
    assert (found.margin, found.difference, found.answer) == (0.0, 0.25, "too few")
    assert found.needed is None


@pytest.mark.parametrize(("better", "rate"), [("higher", 0.625), ("lower", 0.375)])
def test_ties_are_half_a_win(better: Better, rate: float) -> None:
    """Two gains, one tie and one loss."""
    base, other = np.array([[1.0], [2], [3], [4]]), np.array([[2.0], [2], [2], [4.5]])
    metric = replace(Toy.metrics[0], better=better)
    both = card({"old": base, "new": other}, metric)
    assert compare(both, "old", both, "new").contrasts[0].win_rate == rate


def test_no_common_prompt_is_an_error() -> None:
    both = card({"old": BASE, "new": BASE})
    cells = tuple(
        replace(c, prompt_id="x" + c.prompt_id) if c.model == "new" else c for c in both.cells
    )
    with pytest.raises(BadInput, match="no prompt in common"):
        compare(both, "old", replace(both, cells=cells), "new")


def test_an_unknown_model_gets_a_hint() -> None:
    both = card({"old": BASE, "new": BASE})
    with pytest.raises(UnknownName, match="no model named 'nw'"):
        compare(both, "old", both, "nw")


def test_a_margin_for_an_unknown_metric_gets_a_hint() -> None:
    """Taken in silence, the default would have been judged by instead."""
    both = card({"old": BASE, "new": BASE})
    with pytest.raises(UnknownName, match=r"no metric named 'toy\.god'"):
        compare(both, "old", both, "new", {"toy.god": 0.1})


def tagged(other: np.ndarray) -> Scorecard:
    """Even prompts are tagged text, odd ones faces; one is both."""
    tags = {f"prompt-{p}": (("text", "faces")[p % 2],) for p in range(len(BASE))}
    return replace(card({"old": BASE, "new": other}), tags={**tags, "prompt-0": ("text", "faces")})


def test_each_tag_is_judged_on_its_own_prompts() -> None:
    other = BASE + RNG.normal(0, 0.01, size=BASE.shape)
    other[::2] += 0.05
    both = tagged(other)
    found = compare(both, "old", both, "new")
    assert list(found.by_tag) == ["faces", "text"]
    (text,), (faces,) = found.by_tag["text"], found.by_tag["faces"]
    assert (text.answer, text.prompts) == ("better", 50)
    assert (faces.answer, faces.prompts) == ("tied", 51)


def test_without_tags_there_are_no_groups() -> None:
    both = card({"old": BASE, "new": BASE})
    assert compare(both, "old", both, "new").by_tag == {}


@pytest.mark.parametrize(("better", "first"), [("higher", 7), ("lower", 3), ("neither", 7)])
def test_the_prompt_that_lost_most_comes_first(better: Better, first: int) -> None:
    other = BASE.copy()
    other[7] -= 0.3
    other[3] += 0.2
    metric = replace(Toy.metrics[0], better=better)
    both = card({"old": BASE, "new": other}, metric)
    changes = by_prompt(compare(both, "old", both, "new"))
    assert changes[0].prompt_id == f"prompt-{first}"
    assert len(changes) == len(BASE)
    lost = next(c for c in changes if c.prompt_id == "prompt-7")
    assert lost.candidate - lost.baseline == pytest.approx(-0.3)
    assert lost.pairs == 4


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (None, None, "too few"),
        (-0.01, 0.01, "tied"),
        (0.005, 0.015, "tied"),
        (-0.02, 0.02, "tied"),
        (0.005, 0.03, "better"),
        (-0.03, -0.005, "worse"),
        (-0.01, 0.03, "too few"),
        (-0.03, 0.01, "too few"),
        (0.0, 0.03, "too few"),
        (-0.03, 0.0, "too few"),
    ],
)
def test_an_interval_and_a_margin_give_one_answer(
    low: float | None, high: float | None, answer: str
) -> None:
    """Within the margin on both sides, else beyond zero on one, else nothing."""
    found = Effect(0.0, low, high, 0.1, 9)
    assert module._answer(found, 0.02, "higher") == answer
    turned = {"better": "worse", "worse": "better"}.get(answer, answer)
    assert module._answer(found, 0.02, "lower") == turned
    told = "differs" if answer in ("better", "worse") else answer
    assert module._answer(found, 0.02, "neither") == told


def test_prompts_needed_are_more_than_there_are_and_none_without_a_margin() -> None:
    wide, narrow = np.array([0.3, -0.3] * 5), np.array([0.003, -0.003] * 5)
    assert module._needed(Effect(0.0, None, None, 0.3, 10), 0.0, wide) is None
    assert module._needed(Effect(0.0, None, None, 0.3, 1), 0.1, wide[:1]) is None
    assert module._needed(Effect(0.0, None, None, 0.003, 10), 0.1, narrow) == 11
    settled = module._needed(Effect(0.0, None, None, 0.3, 10), 0.1, wide)
    assert settled == 71, "((1.960 + 0.842) * 0.3 / 0.1) ** 2"
    assert module._needed(Effect(0.0, None, None, 0.3, 2), 0.1, wide[:2]) == 71
    tail = np.array([1.0] + [0.0] * 9)
    skewed = module._needed(Effect(0.0, None, None, 0.3, 10), 0.1, tail)
    assert skewed == module._needed(Effect(0.0, None, None, 0.3, 10), 0.1, -tail) > settled
