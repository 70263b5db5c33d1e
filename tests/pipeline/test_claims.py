"""Published shares are checked: can they be, how sure are they, how many images would settle it."""

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import claims


def test_the_claim_of_thirty_rounds() -> None:
    found = claims.check("93% of 30 vs 71% of 30")
    assert (found.first.hits, found.first.attainable) == (28, True)
    assert not found.second.attainable
    assert found.p == pytest.approx(0.042, abs=0.001)
    told = claims.text(found)
    assert "71 % of 30 is not attainable: the nearest count, 21, is 70.0 %" in told
    assert "78.7 to 98.2 %" in told


def test_equal_shares_need_no_number() -> None:
    assert claims.check("50% of 10 vs 50% of 20").needed is None


@pytest.mark.parametrize(
    "text", ["", "93 vs 71", "93% of 0 vs 71% of 30", "193% of 30 vs 71% of 30"]
)
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        claims.check(text)
