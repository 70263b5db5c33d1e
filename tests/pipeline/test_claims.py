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
    assert found.needed is not None and found.needed > 30
    assert f"80 % power for such a difference needs about {found.needed} images" in told


def test_equal_shares_need_no_number() -> None:
    assert claims.check("50% of 10 vs 50% of 20").needed is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "93 vs 71",
        "93% of 0 vs 71% of 30",
        "193% of 30 vs 71% of 30",
        "100.5% of 30 vs 71% of 30",
    ],
)
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        claims.check(text)


@pytest.mark.parametrize(
    "text",
    ["93% of 30 vs 71% of 30", "93 % of 30 versus 71 % of 30", " 93%/30 , 71%/30 ",
     "93% of 30 against 71% of 30", "93% of 30 vs. 71% of 30"],
)  # fmt: skip
def test_the_same_claim_in_any_form(text: str) -> None:
    assert claims.check(text) == claims.check("93% of 30 vs 71% of 30")


@pytest.mark.parametrize(
    "text",
    ["93% of 30", "93% of 30 vs 71%", "-93% of 30 vs 71% of 30", "93% of -30 vs 71% of 30",
     "93% of 30 vs 71% of 30 vs 5% of 9", "1e2% of 30 vs 71% of 30", "93% of 3.5 vs 71% of 30"],
)  # fmt: skip
def test_what_is_no_comparison_of_two_shares_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        claims.check(text)


def test_decimals_are_the_precision_of_the_claim() -> None:
    loose = claims.check("33% of 3 vs 50% of 2").first
    assert (loose.hits, loose.attainable) == (1, True)
    assert not claims.check("33.0% of 3 vs 50% of 2").first.attainable
    assert claims.check("33.3% of 3 vs 50% of 2").first.attainable


def test_images_needed_are_told_in_two_digits() -> None:
    found = claims.check("52% of 300 vs 48% of 300")
    assert found.needed is not None and found.needed % 100
    told = claims.text(found).splitlines()[-1]
    assert f"needs about {found.needed // 100 + 1}00 images a model." in told


def test_the_order_changes_neither_p_nor_the_images_needed() -> None:
    there = claims.check("90% of 40 vs 60% of 30")
    back = claims.check("60% of 30 vs 90% of 40")
    assert (there.p, there.needed) == (pytest.approx(back.p), back.needed)


def test_a_clear_difference_and_none_are_told_apart() -> None:
    assert "a real difference" in claims.text(claims.check("100% of 50 vs 0% of 50"))
    told = claims.text(claims.check("50% of 10 vs 50% of 10"))
    assert "no evidence of a difference" in told
    assert "80 % power" not in told


@pytest.mark.parametrize("share", ["0", "100"])
def test_the_ends_are_inside_their_interval(share: str) -> None:
    found = claims.check(f"{share}% of 20 vs 50% of 20").first
    assert found.low <= float(share) / 100 <= found.high
    assert found.high - found.low > 0.05, "twenty images are not certainty"


def test_a_claim_about_many_images_is_checked_and_one_beyond_all_bounds_is_not() -> None:
    assert claims.check("93% of 20000 vs 92% of 20000").p < 0.001
    for n in (claims.MOST + 1, 10**20):
        with pytest.raises(BadInput, match="1,000,000 images is not checked"):
            claims.check(f"93% of 30 vs 71% of {n}")
