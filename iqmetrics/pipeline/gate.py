"""Rules hold a candidate's scorecard against a stored one: PASS, FAIL or INCONCLUSIVE.

A rule passes when its bound lies on the right side: non-inferiority on paired differences clustered
by prompt. All rules must pass, so each may be tested at the full level (intersection-union). To
name a regression, p values are corrected over the rules (Holm). Between both lies INCONCLUSIVE,
with the number of prompts that would settle it. What was not measured never passes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.compare import cells_of
from iqmetrics.pipeline.pairing import Pairing, pair
from iqmetrics.pipeline.rules import Rule, Rules
from iqmetrics.records import Aggregate, Cell, Scorecard
from iqmetrics.stats import holm, paired

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

State = Literal["PASS", "FAIL", "INCONCLUSIVE"]
JUDGED = ("ok", "abstained", "unavailable", "failed")
BROKEN = ("failed", "unreadable", "unsupported", "too_large", "truncated", "timeout", "crashed")


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of one rule: what was asked, what was found, and how it stands.

    `value` is the mean that was judged, `bound` the one-sided bound that must keep to `limit`;
    `needed` is the number of prompts that would settle an inconclusive check.
    """

    metric: str
    kind: str
    state: State
    told: str
    value: float | None = None
    bound: float | None = None
    limit: float | None = None
    prompts: int = 0
    needed: int | None = None
    required: bool = True
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of the gate and of each check behind it."""

    state: State
    gate: str
    baseline: str
    candidate: str
    checks: tuple[Check, ...]
    unmatched: tuple[str, ...] = ()


def judge(
    rules: Rules, baseline: Scorecard, base_model: str, candidate: Scorecard, model: str
) -> Verdict:
    """Judge one model of `candidate` against one model of `baseline`."""
    pairing = pair(cells_of(baseline, base_model), cells_of(candidate, model))
    base_rows = {row.metric: row for row in baseline.rows if row.model == base_model}
    rows = {row.metric: row for row in candidate.rows if row.model == model}
    tests = [
        test
        for rule in rules.rules
        for test in _tests(
            rule, rows.get(rule.metric), base_rows.get(rule.metric), pairing, candidate, model
        )
    ]
    p_worse = {str(i): t.p_worse for i, t in enumerate(tests) if isinstance(t, _Test)}
    corrected = holm.adjust(p_worse)
    checks = tuple(
        t.check(rules.alpha, corrected[str(i)]) if isinstance(t, _Test) else t
        for i, t in enumerate(tests)
    )
    checks += tuple(_missing(rules, pairing))
    return Verdict(
        _overall(checks), rules.name, base_model, model, checks, tuple(pairing.unmatched)
    )


def _missing(rules: Rules, pairing: Pairing) -> Iterator[Check]:
    """What the candidate lacks of the baseline's prompts and seeds, when it lacks too much."""
    lost = [told for told in pairing.unmatched if told.endswith("only in the baseline")]
    if len(lost) > rules.max_missing and any(rule.margin is not None for rule in rules.rules):
        one = len(lost) == 1
        told = f"{len(lost)} {'prompt or seed' if one else 'prompts or seeds'} of the baseline"
        told += f" {'is' if one else 'are'} missing (allowed: {rules.max_missing})"
        yield Check("all metrics", "same prompts", "INCONCLUSIVE", told)


def _overall(checks: Sequence[Check]) -> State:
    states = {check.state for check in checks if check.required or check.state == "FAIL"}
    for state in ("FAIL", "INCONCLUSIVE"):
        if state in states:
            return state
    return "PASS"


@dataclass(frozen=True, slots=True)
class _Test:
    """One mean that must be above a limit, after turning the metric so that more is better."""

    rule: Rule
    unit: str
    kind: str
    turned: "NDArray[np.float64]"
    limit: float
    sign: int

    @property
    def p_worse(self) -> float:
        """P value of "not beyond the limit on the wrong side"."""
        return paired.p_value(self.turned, self.limit, "below") if len(self.turned) > 1 else 1.0

    def check(self, alpha: float, p_worse: float) -> Check:
        """Pass by the bound, fail by the corrected p value, else inconclusive."""
        found = paired.effect(self.turned, alpha)
        state: State = "INCONCLUSIVE"
        needed = None
        if found.low is not None and found.low >= self.limit:
            state = "PASS"
        elif found.low is not None and p_worse <= alpha:
            state = "FAIL"
        else:
            room = abs(self.limit) if self.kind == "margin" else abs(found.mean - self.limit)
            if room > 0 and found.prompts > 1:
                skew = paired.skewness(self.turned)
                needed = paired.prompts_needed(found.sd, room, alpha=alpha, skew=skew)
                needed = max(found.prompts + 1, needed)
        return Check(
            metric=self.rule.metric,
            kind=self.kind,
            state=state,
            told=_TOLD[self.kind][state],
            value=self.sign * found.mean,
            bound=None if found.low is None else self.sign * found.low,
            limit=self.sign * self.limit,
            prompts=found.prompts,
            needed=needed,
            required=self.rule.required,
            unit=self.unit,
        )


_TOLD: dict[str, dict[State, str]] = {
    "margin": {
        "PASS": "not worse than the baseline by more than the margin",
        "FAIL": "worse than the baseline by more than the margin",
        "INCONCLUSIVE": "too few prompts to tell whether it is worse",
    },
    "floor": {
        "PASS": "reaches the floor",
        "FAIL": "below the floor",
        "INCONCLUSIVE": "too few prompts to tell whether it reaches the floor",
    },
    "ceiling": {
        "PASS": "keeps under the ceiling",
        "FAIL": "above the ceiling",
        "INCONCLUSIVE": "too few prompts to tell whether it keeps under the ceiling",
    },
}


def _tests(
    rule: Rule,
    row: Aggregate | None,
    base: Aggregate | None,
    pairing: Pairing,
    candidate: Scorecard,
    model: str,
) -> list[_Test | Check]:
    name = rule.metric
    if row is None or row.images == 0:
        names = sorted({r.metric for r in candidate.rows})
        near = [] if row else get_close_matches(name, names, n=1, cutoff=0.8)
        guess = f": did you mean {near[0]!r}?" if near else ""
        return [_open(rule, "measured", "it was not measured on the candidate" + guess)]
    _right_side(rule, row)
    found: list[_Test | Check] = [_coverage(rule, row)]
    sign = -1 if row.better == "lower" else 1
    if rule.margin is not None:
        if row.better == "neither":
            told = "the metric has no better direction: give a floor or ceiling"
            found.append(_open(rule, "margin", told))
        elif base is None or base.images == 0:
            found.append(_open(rule, "margin", "it was not measured on the baseline"))
        elif base.scorer_version != row.scorer_version:
            versions = f"{base.scorer_version} and {row.scorer_version}"
            found.append(
                _open(
                    rule,
                    "margin",
                    f"scored by different versions ({versions}): score the baseline again",
                )
            )
        else:
            found += _against(rule, row.unit, sign, pairing)
    values = _prompt_means([c for c in candidate.cells if c.model == model], name)
    if rule.floor is not None:
        found.append(_Test(rule, row.unit, "floor", values, rule.floor, 1))
    if rule.ceiling is not None:
        found.append(_Test(rule, row.unit, "ceiling", -values, -rule.ceiling, -1))
    return found


def _right_side(rule: Rule, row: Aggregate) -> None:
    """A limit on the good side alone holds nothing: the worse the model, the surer it passes."""
    if rule.margin is not None or (rule.floor is not None and rule.ceiling is not None):
        return
    wrong = {"lower": "floor", "higher": "ceiling"}.get(row.better)
    if wrong is not None and getattr(rule, wrong) is not None:
        right = "ceiling" if wrong == "floor" else "floor"
        raise BadInput(
            f"the rule for {rule.metric} has only a {wrong}, and {row.better} is better: "
            "a worse model would pass",
            f"Give a {right} instead; both of them make a range",
        )


def _against(rule: Rule, unit: str, sign: int, pairing: Pairing) -> list[_Test | Check]:
    import numpy as np

    assert rule.margin is not None
    name = rule.metric
    new = sum(
        b.missing.get(name) in BROKEN or b.missing.get("image") in BROKEN
        for a, b in pairing.pairs
        if b.missing and name in a.values
    )
    found: list[_Test | Check] = []
    if new > rule.max_new_failures:
        told = (
            f"{new} images failed that did not in the baseline (allowed: {rule.max_new_failures})"
        )
        found.append(Check(name, "new failures", "FAIL", told, required=rule.required))
    prompts: dict[str, list[float]] = defaultdict(list)
    for a, b in pairing.pairs:
        if name in a.values and name in b.values:
            prompts[a.prompt_id].append(sign * (b.values[name] - a.values[name]))
    if not prompts:
        return [*found, _open(rule, "margin", "no prompt and seed has a value on both sides")]
    differences = np.array([sum(values) / len(values) for values in prompts.values()])
    return [*found, _Test(rule, unit, "margin", differences, -rule.margin, sign)]


def _coverage(rule: Rule, row: Aggregate) -> Check:
    undecoded = sum(
        n for status, n in row.coverage.items() if status in BROKEN and status != "failed"
    )
    judged = sum(row.coverage.get(status, 0) for status in JUDGED) + undecoded
    share = row.images / judged
    enough = share >= rule.min_coverage
    told = f"{row.images} of {judged} judged images have a value"
    return Check(
        rule.metric, "coverage", "PASS" if enough else "INCONCLUSIVE", told, share, None,
        rule.min_coverage, row.prompts, required=rule.required,
    )  # fmt: skip


def _open(rule: Rule, kind: str, told: str) -> Check:
    return Check(rule.metric, kind, "INCONCLUSIVE", told, required=rule.required)


def _prompt_means(cells: Sequence[Cell], name: str) -> "NDArray[np.float64]":
    import numpy as np

    prompts: dict[str, list[float]] = defaultdict(list)
    for cell in cells:
        if name in cell.values:
            prompts[cell.prompt_id].append(cell.values[name])
    return np.array([sum(values) / len(values) for values in prompts.values()])
