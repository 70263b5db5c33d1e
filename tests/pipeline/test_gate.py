"""The gate: passes what is shown, fails what is worse, says when it cannot tell."""

from dataclasses import replace

import numpy as np
import pytest
from factory import Toy, card

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.gate import Check, Verdict, judge
from iqmetrics.pipeline.rules import Rule, Rules
from iqmetrics.records import YES_NO, Cell, Metric, Scorecard

RNG = np.random.default_rng(5)
BASE = RNG.normal(0.6, 0.1, size=(100, 4))
NOISE = RNG.normal(0, 0.02, size=BASE.shape)
GOOD, BAD = Toy.metrics


def verdict(
    other: np.ndarray, *rules: Rule, metric: Metric = GOOD, base: np.ndarray = BASE
) -> Verdict:
    both = card({"old": base, "new": other}, metric)
    return judge(Rules("g", "", 0.05, rules), both, "old", both, "new")


def check(found: Verdict, kind: str) -> Check:
    return next(c for c in found.checks if c.kind == kind)


MARGIN = Rule("toy.good", margin=0.02)


def test_an_equal_model_passes_and_a_worse_one_fails() -> None:
    assert verdict(BASE + NOISE, MARGIN).state == "PASS"
    found = verdict(BASE - 0.1 + NOISE, MARGIN)
    assert found.state == "FAIL"
    worse = check(found, "margin")
    assert worse.value == pytest.approx(-0.1, abs=0.01)
    assert worse.limit == -0.02


def test_a_better_model_passes() -> None:
    assert verdict(BASE + 0.3, MARGIN).state == "PASS"


def test_the_direction_of_the_metric_decides() -> None:
    rule = Rule("toy.bad", margin=0.02)
    assert verdict(BASE - 0.1 + NOISE, rule, metric=BAD).state == "PASS"
    found = verdict(BASE + 0.1 + NOISE, rule, metric=BAD)
    assert found.state == "FAIL"
    assert check(found, "margin").value == pytest.approx(0.1, abs=0.01)
    assert check(found, "margin").limit == 0.02


def test_too_few_prompts_are_inconclusive_with_the_number_needed() -> None:
    swing = np.tile([[0.1], [-0.1]], (3, 4))
    found = verdict(BASE[:6] + swing, MARGIN, base=BASE[:6])
    assert found.state == "INCONCLUSIVE"
    assert check(found, "margin").needed > 6
    swing = np.tile([[0.11], [-0.09]], (3, 4))
    shifted = check(verdict(BASE[:6] + swing, MARGIN, base=BASE[:6]), "margin")
    assert shifted.value == pytest.approx(0.01)
    assert shifted.needed == 186, "((1.645 + 0.842) * 0.1095 / 0.02) ** 2, were there no change"


def test_floor_and_ceiling() -> None:
    assert verdict(BASE, Rule("toy.good", floor=0.5)).state == "PASS"
    assert verdict(BASE, Rule("toy.good", floor=0.8)).state == "FAIL"
    assert verdict(BASE, Rule("toy.good", floor=float(BASE.mean()))).state == "INCONCLUSIVE"
    assert verdict(BASE, Rule("toy.bad", ceiling=0.7), metric=BAD).state == "PASS"
    found = verdict(BASE, Rule("toy.bad", ceiling=0.5), metric=BAD)
    assert found.state == "FAIL"
    assert check(found, "ceiling").value == pytest.approx(BASE.mean())


@pytest.mark.parametrize(
    ("rule", "better"),
    [(Rule("toy.bad", floor=0.1), BAD), (Rule("toy.good", ceiling=9.0), GOOD)],
)
def test_a_limit_that_only_holds_good_models_back_is_refused(rule: Rule, better: Metric) -> None:
    """`floor = 3` for niqe passed every model, the worse the surer."""
    with pytest.raises(BadInput, match="a worse model would pass") as error:
        verdict(BASE, rule, metric=better)
    right = "ceiling" if better is BAD else "floor"
    assert error.value.hint == f"Give a {right} instead; both of them make a range"
    both = replace(rule, floor=0.0, ceiling=9.0)
    assert verdict(BASE, both, metric=better).state == "PASS", "a range is meant"


def test_a_misspelt_metric_is_named() -> None:
    found = verdict(BASE, MARGIN, Rule("toy.goood", floor=0.5, required=False))
    assert check(found, "measured").told.endswith("did you mean 'toy.good'?")


def test_what_was_not_measured_never_passes() -> None:
    found = verdict(BASE, MARGIN, Rule("hands.wrong", ceiling=1))
    assert found.state == "INCONCLUSIVE"
    assert check(found, "measured").told == "it was not measured on the candidate"


def test_an_optional_rule_reports_and_does_not_hold() -> None:
    found = verdict(BASE, MARGIN, Rule("hands.wrong", ceiling=1, required=False))
    assert found.state == "PASS"
    assert check(found, "measured").state == "INCONCLUSIVE"


def lose(both: Scorecard, share: float, status: str) -> Scorecard:
    cells = []
    for number, cell in enumerate(both.cells):
        if cell.model == "new" and number % 100 < share * 100:
            cell = replace(cell, values={}, missing={"toy.good": status})
        cells.append(cell)
    lost = sum(not c.values for c in cells)
    rows = tuple(
        replace(r, images=r.images - lost, coverage={"ok": r.images - lost, status: lost})
        if r.model == "new" else r
        for r in both.rows
    )  # fmt: skip
    return replace(both, cells=tuple(cells), rows=rows)


def test_low_coverage_does_not_pass() -> None:
    both = lose(card({"old": BASE, "new": BASE}), 0.3, "abstained")
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", both, "new")
    assert found.state == "INCONCLUSIVE"
    assert check(found, "coverage").value == pytest.approx(0.7)


def test_new_failures_fail() -> None:
    both = lose(card({"old": BASE, "new": BASE}), 0.01, "failed")
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", both, "new")
    assert found.state == "FAIL"
    assert check(found, "new failures").told.startswith("4 images failed")
    allowed = Rules("g", "", 0.05, (replace(MARGIN, max_new_failures=4),))
    assert judge(allowed, both, "old", both, "new").state == "PASS"


def test_other_versions_do_not_pass() -> None:
    both = card({"old": BASE, "new": BASE})
    rows = tuple(replace(r, scorer_version="2+abc") if r.model == "new" else r for r in both.rows)
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", replace(both, rows=rows), "new")
    assert found.state == "INCONCLUSIVE"
    assert "score the baseline again" in check(found, "margin").told


def test_the_false_pass_rate_at_the_margin_is_the_level() -> None:
    passed = 0
    for run in range(120):
        rng = np.random.default_rng(run)
        base = rng.normal(size=(60, 2))
        other = base - 0.1 + 0.3 * (rng.normal(size=(60, 1)) + rng.normal(size=(60, 2)))
        passed += verdict(other, Rule("toy.good", margin=0.1), base=base).state == "PASS"
    assert passed / 120 <= 0.12


def test_a_metric_without_direction_has_no_worse() -> None:
    """Taken as "higher is better" it would pass a model that moved far away upwards."""
    neither = replace(GOOD, better="neither")
    found = verdict(BASE + 0.3, MARGIN, metric=neither)
    assert found.state == "INCONCLUSIVE"
    assert "floor or ceiling" in check(found, "margin").told
    assert verdict(BASE, Rule("toy.good", floor=0.5, ceiling=0.7), metric=neither).state == "PASS"


def test_every_rule_must_hold() -> None:
    fine, bad = Rule("toy.good", floor=0.5), Rule("toy.good", floor=0.8)
    assert verdict(BASE, fine).state == "PASS"
    assert verdict(BASE, fine, bad).state == "FAIL"
    assert verdict(BASE, bad, fine).state == "FAIL"


def test_a_failed_optional_rule_still_fails() -> None:
    assert verdict(BASE, Rule("toy.good", floor=0.8, required=False)).state == "FAIL"


def test_a_baseline_without_the_metric_is_inconclusive() -> None:
    old, new = card({"old": BASE}, BAD), card({"new": BASE})
    found = judge(Rules("g", "", 0.05, (MARGIN,)), old, "old", new, "new")
    assert found.state == "INCONCLUSIVE"
    assert check(found, "margin").told == "it was not measured on the baseline"


def test_no_prompt_in_common_is_inconclusive_and_listed() -> None:
    both = card({"old": BASE[:5], "new": BASE[:5]})
    cells = tuple(
        replace(c, prompt_id="other-" + c.prompt_id) if c.model == "new" else c for c in both.cells
    )
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", replace(both, cells=cells), "new")
    assert found.state == "INCONCLUSIVE"
    assert len(found.unmatched) == 10


def test_a_wider_margin_never_turns_a_pass_into_a_fail() -> None:
    order = {"FAIL": 0, "INCONCLUSIVE": 1, "PASS": 2}
    margins = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
    for shift in (-0.1, -0.03, 0.0):
        other = BASE + shift + NOISE
        states = [verdict(other, Rule("toy.good", margin=m)).state for m in margins]
        ranks = [order[state] for state in states]
        assert ranks == sorted(ranks), shift


def test_a_candidate_that_leaves_out_prompts_does_not_pass() -> None:
    both = card({"old": BASE, "new": BASE[:90] + 0.05})
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", both, "new")
    assert found.state == "INCONCLUSIVE"
    assert "10 prompts or seeds of the baseline are missing" in check(found, "same prompts").told
    nearly = card({"old": BASE, "new": BASE[:99]})
    one = judge(Rules("g", "", 0.05, (MARGIN,)), nearly, "old", nearly, "new")
    assert "1 prompt or seed of the baseline is missing" in check(one, "same prompts").told
    allowed = Rules("g", "", 0.05, (MARGIN,), max_missing=10)
    assert judge(allowed, both, "old", both, "new").state == "PASS"
    floor = Rules("g", "", 0.05, (Rule("toy.good", floor=0.5),))
    assert judge(floor, both, "old", both, "new").state == "PASS", "a floor needs no partner"


def test_checks_carry_the_unit_of_their_metric() -> None:
    kept = Metric("toy.good", YES_NO, 0, 1, "higher", "kept")
    both = card({"a": np.ones((30, 1))}, kept)
    demand = Rules("g", "", 0.05, (Rule("toy.good", margin=0.05, floor=0.5),))
    found = judge(demand, both, "a", both, "a")
    assert {c.kind: c.unit for c in found.checks if c.kind != "coverage"} == {
        "margin": YES_NO, "floor": YES_NO,
    }  # fmt: skip


def test_scorers_of_sets_that_only_the_baseline_has_lack_no_prompt() -> None:
    """The candidate was scored with what the gate asks for, the baseline with everything."""
    both = card({"old": BASE, "new": BASE + NOISE}, GOOD)
    sets = [Cell("old", c.prompt_id, None, None, "", {"set.x": 1.0}) for c in both.cells]
    base = replace(both, cells=(*both.cells, *sets))
    found = judge(Rules("g", "", 0.05, (MARGIN,)), base, "old", both, "new")
    assert found.state == "PASS"
    assert len(found.unmatched) == len([c for c in sets if c.model == "old"]), "told all the same"


def test_one_prompt_alone_decides_nothing_and_promises_nothing() -> None:
    """Not even a huge difference: and from one prompt no number of prompts can be told."""
    for change in (-0.5, 0.0, 0.5):
        found = check(verdict(BASE[:1] + change, MARGIN, base=BASE[:1]), "margin")
        assert (found.state, found.bound, found.needed) == ("INCONCLUSIVE", None, None)
        assert found.value == pytest.approx(change) and found.prompts == 1


def test_bounds_are_told_in_the_direction_of_the_metric() -> None:
    """Of a lower-is-better one the bound lies above the mean: as bad as it may well be."""
    lower = check(verdict(BASE + NOISE, Rule("toy.bad", margin=0.02), metric=BAD), "margin")
    assert lower.value < lower.bound < lower.limit == 0.02
    higher = check(verdict(BASE + NOISE, MARGIN), "margin")
    assert higher.limit == -0.02 < higher.bound < higher.value


def test_prompts_needed_to_settle_a_floor_grow_as_it_comes_nearer() -> None:
    few = BASE[:12]
    near, far = (
        check(verdict(few, Rule("toy.good", floor=float(few.mean()) - gap), base=few), "floor")
        for gap in (0.002, 0.01)
    )
    assert near.state == far.state == "INCONCLUSIVE"
    assert near.needed > far.needed > 12
    assert near.needed == pytest.approx(25 * far.needed, rel=0.2), "a fifth of the gap"


@pytest.mark.parametrize("status", ["unreadable", "truncated", "crashed", "timeout"])
def test_an_image_that_broke_since_the_baseline_is_a_new_failure(status: str) -> None:
    """Its cell says so once, for all metrics."""
    both = lose(card({"old": BASE, "new": BASE}), 0.01, status)
    cells = tuple(replace(c, missing={"image": status}) if c.missing else c for c in both.cells)
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", replace(both, cells=cells), "new")
    assert (found.state, check(found, "new failures").state) == ("FAIL", "FAIL")
    told = check(found, "coverage").told
    assert told == "396 of 400 judged images have a value"


@pytest.mark.parametrize("status", ["abstained", "unavailable", "not_applicable"])
def test_what_could_not_be_judged_is_no_failure(status: str) -> None:
    both = lose(card({"old": BASE, "new": BASE}), 0.01, status)
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", both, "new")
    assert found.state == "PASS"
    assert [c.kind for c in found.checks] == ["coverage", "margin"]


def test_what_failed_in_the_baseline_too_is_not_new() -> None:
    both = lose(card({"old": BASE, "new": BASE}), 0.01, "failed")
    broken = {(c.prompt_id, c.seed) for c in both.cells if c.missing}
    cells = tuple(
        replace(c, values={}, missing={"toy.good": "failed"})
        if (c.prompt_id, c.seed) in broken
        else c
        for c in both.cells
    )
    found = judge(Rules("g", "", 0.05, (MARGIN,)), replace(both, cells=cells), "old", both, "new")
    assert [c.kind for c in found.checks] == ["coverage", "margin"]


@pytest.mark.parametrize(
    ("coverage", "share", "state"),
    [
        ({"ok": 9, "failed": 1}, 0.9, "PASS"),
        ({"ok": 9, "unreadable": 1}, 0.9, "PASS"),
        ({"ok": 8, "abstained": 1, "timeout": 1}, 0.8, "INCONCLUSIVE"),
        ({"ok": 8, "unavailable": 2}, 0.8, "INCONCLUSIVE"),
        ({"ok": 2, "not_applicable": 98}, 1.0, "PASS"),
        ({"ok": 10}, 1.0, "PASS"),
    ],
)
def test_coverage_is_a_share_of_what_there_was_to_judge(
    coverage: dict[str, int], share: float, state: str
) -> None:
    both = card({"old": BASE, "new": BASE})
    rows = tuple(
        replace(r, images=coverage["ok"], coverage=coverage) if r.model == "new" else r
        for r in both.rows
    )
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", replace(both, rows=rows), "new")
    covered = check(found, "coverage")
    assert (covered.value, covered.state) == (pytest.approx(share), state)
    assert covered.limit == 0.9


def test_an_optional_rule_that_cannot_tell_does_not_hold() -> None:
    """Each of its checks is marked, whatever it is about."""
    unsure = Rule("toy.good", floor=float(BASE.mean()), margin=0.02, required=False)
    found = verdict(BASE, unsure)
    assert check(found, "floor").state == "INCONCLUSIVE"
    assert found.state == "PASS"
    assert {c.required for c in found.checks} == {False}
    assert verdict(BASE, replace(unsure, required=True)).state == "INCONCLUSIVE"


def test_a_rule_of_a_range_is_judged_on_both_sides() -> None:
    inside = Rule("toy.good", floor=0.5, ceiling=0.7)
    assert verdict(BASE, inside).state == "PASS"
    below, above = verdict(BASE - 0.3, inside), verdict(BASE + 0.3, inside)
    assert (below.state, check(below, "floor").state) == ("FAIL", "FAIL")
    assert (above.state, check(above, "ceiling").state) == ("FAIL", "FAIL")
    assert check(below, "ceiling").state == check(above, "floor").state == "PASS"
    assert check(above, "ceiling").told == "above the ceiling"
    assert check(below, "floor").told == "below the floor"


def test_a_margin_beside_a_wrong_sided_limit_holds_and_is_allowed() -> None:
    """The floor of a lower-is-better metric alone passes worse models; a margin does not."""
    rule = Rule("toy.bad", margin=0.02, floor=0.1)
    assert verdict(BASE + NOISE, rule, metric=BAD).state == "PASS"
    assert verdict(BASE + 0.1 + NOISE, rule, metric=BAD).state == "FAIL"


def test_a_metric_far_from_any_name_is_not_guessed_and_one_without_values_neither() -> None:
    found = verdict(
        BASE,
        Rule("hands.wrong", ceiling=1),
        Rule("toy.goo", floor=0.1),
        Rule("toy.wool", floor=0.1),
    )
    told = [c.told for c in found.checks if c.kind == "measured"]
    assert told[2] == "it was not measured on the candidate", "three letters of four are not enough"
    assert told[0] == "it was not measured on the candidate"
    assert told[1].endswith("did you mean 'toy.good'?")
    both = lose(card({"old": BASE, "new": BASE}), 1.0, "unavailable")
    empty = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", both, "new")
    assert check(empty, "measured").told == "it was not measured on the candidate"
    assert empty.state == "INCONCLUSIVE"


def test_seeds_of_one_prompt_are_one_observation() -> None:
    """Forty copies of one image prove no more than one."""
    swing = np.array([[0.1], [-0.1], [0.06], [-0.08], [0.03], [0.02]])
    few = check(verdict(BASE[:6, :1] + swing, MARGIN, base=BASE[:6, :1]), "margin")
    many = np.repeat(BASE[:6, :1], 40, axis=1)
    copied = check(verdict(many + swing, MARGIN, base=many), "margin")
    assert copied.bound == pytest.approx(few.bound)
    assert (copied.prompts, copied.state) == (6, few.state)


@pytest.mark.parametrize(("missing", "state"), [(9, "INCONCLUSIVE"), (10, "PASS"), (11, "PASS")])
def test_as_many_prompts_may_be_missing_as_the_rules_say(missing: int, state: str) -> None:
    both = card({"old": BASE, "new": BASE[:90] + 0.05})
    found = judge(Rules("g", "", 0.05, (MARGIN,), max_missing=missing), both, "old", both, "new")
    assert found.state == state
    assert ("same prompts" in {c.kind for c in found.checks}) == (state != "PASS")


def test_what_only_the_candidate_has_is_no_lack() -> None:
    both = card({"old": BASE[:90], "new": BASE + 0.05})
    found = judge(Rules("g", "", 0.05, (MARGIN,)), both, "old", both, "new")
    assert (found.state, len(found.unmatched)) == ("PASS", 10)
