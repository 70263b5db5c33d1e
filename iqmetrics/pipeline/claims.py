"""Checks a published comparison of shares, such as "93% of 30 vs 71% of 30"."""

import re
from dataclasses import dataclass

from iqmetrics.errors import BadInput
from iqmetrics.render import about
from iqmetrics.stats import rates

_SHARE = r"(\d+(?:\.\d+)?)\s*%\s*(?:of|/)\s*(\d+)"
_CLAIM = re.compile(rf"\s*{_SHARE}\s*(?:vs\.?|versus|against|,|/)\s*{_SHARE}\s*")


MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """One published share: the count it must come from, and what that count supports."""

    percent: str
    n: int
    hits: int
    attainable: bool
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Claim:
    """Two shares, the two-sided p value of Fisher's test, and images needed for 80 % power."""

    first: Share
    second: Share
    p: float
    needed: int | None


def check(text: str) -> Claim:
    """Parse and check a claim.

    Raises:
        BadInput: the text is not of the form "93% of 30 vs 71% of 30", or is impossible.
    """
    match = _CLAIM.fullmatch(text)
    if not match:
        raise BadInput(f"cannot read the claim {text!r}", "Write it as: 93% of 30 vs 71% of 30")
    first, second = _share(match[1], int(match[2])), _share(match[3], int(match[4]))
    return Claim(
        first,
        second,
        rates.fisher(first.hits, first.n, second.hits, second.n),
        rates.per_group_needed(first.hits / first.n, second.hits / second.n),
    )


def text(claim: Claim) -> str:
    """The claim in sentences."""
    lines = [_sentence(share) for share in (claim.first, claim.second)]
    verdict = "a real difference" if claim.p < 0.05 else "no evidence of a difference"
    lines.append(f"Fisher's exact test: p = {claim.p:.3g}, {verdict} at the 5 % level.")
    if claim.needed:
        needed = about(claim.needed, "image")
        lines.append(f"80 % power for such a difference needs {needed} a model.")
    return "\n".join(lines)


def _share(percent: str, n: int) -> Share:
    if n > MOST:
        raise BadInput(f"a claim about more than {MOST:,} images is not checked")
    if n == 0 or float(percent) > 100:
        raise BadInput(f"{percent} % of {n} images is not possible")
    found = rates.attainable(percent, n)
    return Share(percent, n, found.hits, found.exact, *rates.wilson(found.hits, n))


def _sentence(share: Share) -> str:
    span = f"95 % interval {100 * share.low:.1f} to {100 * share.high:.1f} %"
    if share.attainable:
        return f"{share.percent} % of {share.n} is {share.hits} images, {span}."
    near = f"the nearest count, {share.hits}, is {100 * share.hits / share.n:.1f} %"
    return f"{share.percent} % of {share.n} is not attainable: {near}, {span}."
