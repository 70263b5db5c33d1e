import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.text import edit_distance

from iqmetrics.nets.text.normal import (
    CONFUSED_COST,
    alike,
    distance,
    kept_positions,
    letters,
    lowered,
    plain,
    same,
    shared,
    similarity,
    words,
)


def test_letters_drop_spaces_and_signs_and_fold_width() -> None:
    assert letters("Ｈello, World!") == "HelloWorld"
    assert letters("全 场 ５０％") == "全场50"
    assert letters("?!") == "?!"


def test_positions_point_back_into_the_text() -> None:
    text = "a - b!c"
    assert [text[i] for i in kept_positions(text)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("a", "b"), [("garden", "gardn"), ("kitten", "sitting"), ("开业大吉", "开业大古")]
)
def test_distance_is_the_edit_distance_where_nothing_looks_alike(a: str, b: str) -> None:
    assert distance(a, b) == float(edit_distance([a], [b]))


def test_case_is_free_and_look_alikes_are_cheap() -> None:
    assert distance("Insider", "INSIDER") == 0
    assert distance("ComfyUI", "ComfyUl") == pytest.approx(CONFUSED_COST)
    assert distance("R00M", "ROOM") == pytest.approx(2 * CONFUSED_COST)
    assert distance("Flight", "Fllght") == 1, "a dotted i is no l"


def test_same_forgives_look_alikes_but_no_other_letter() -> None:
    assert same("ComfyUI", "comfyUl") and same("OO7", "007")
    assert not same("OPEN", "OPFN")


def test_similarity_is_symmetric_and_bounded() -> None:
    for a, b in [("OPEN", "OPFN"), ("", "x"), ("", ""), ("abc", "xyz"), ("abc", "abcabc")]:
        assert similarity(a, b) == pytest.approx(similarity(b, a))
        assert 0 <= similarity(a, b) <= 1
    assert similarity("OPEN", "OPFN") == pytest.approx(0.75)


def test_folding_keeps_the_length() -> None:
    for text in ("Straße İstanbul", "I1l|O0"):
        assert len(alike(text)) == len(text)


def test_words_take_each_hanzi_alone() -> None:
    assert words("Café 咖啡 24小时, it's") == ["café", "咖", "啡", "24", "小", "时", "its"]


def test_shared_uses_each_found_word_once() -> None:
    assert shared(["a", "a", "b"], ["a", "b", "b"]) == 2


@pytest.mark.parametrize("text", ["Café", "DÉJÀ VU", "Ångström", "ガイド", "Việt Nam", "ñandú"])
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_accents_written_apart_are_the_same_letters(text: str, form: str) -> None:
    written = unicodedata.normalize(form, text)
    assert letters(written) == letters(text)
    assert similarity(letters(written), letters(text)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３", "ABC123"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("ﬁne ﬂow", "fineflow"),
        ("① ② Ⅳ", "12IV"),
        ("25㎡", "25m2"),
        ("５０％ＯＦＦ！", "50OFF"),
        ("Ａ　Ｂ", "AB"),
        ("﹁开业﹂", "开业"),
        ("a\u200bb\u00adc", "abc"),
    ],
)
def test_widths_and_joined_signs_are_folded(text: str, expected: str) -> None:
    assert letters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("I ❤️ NY", "INY"), ("➡️ EXIT", "EXIT"), ("SALE 🔥🔥", "SALE"), ("1️⃣ FIRST", "1FIRST")],
)
def test_emoji_and_what_selects_their_look_are_no_letters(text: str, expected: str) -> None:
    assert letters(text) == expected


def test_signs_alone_are_kept_so_that_they_can_be_asked_for() -> None:
    assert letters("→ ！？") == "→！？"
    assert letters("   ") == ""


@pytest.mark.parametrize("text", ["Cafe\u0301!", "全场 ５０％", "25㎡", "a - b", "", "❤️", "ﬁ", "ｶﾞ"])
def test_every_plain_letter_has_a_place_in_the_text(text: str) -> None:
    places = kept_positions(text)
    assert len(places) == len(plain(text))
    assert list(places) == sorted(places) and all(0 <= i < len(text) for i in places)


@given(st.text(max_size=30))
def test_plain_is_settled_at_once(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert len(kept_positions(text)) == len(once)


@given(st.text(max_size=12), st.text(max_size=12))
def test_distance_keeps_the_laws_of_a_distance(a: str, b: str) -> None:
    a, b = plain(a), plain(b)
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a)
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))


@given(st.text(max_size=30))
def test_lowering_keeps_the_length_and_is_settled_at_once(text: str) -> None:
    assert len(lowered(text)) == len(text)
    assert lowered(lowered(text)) == lowered(text)


def test_letters_that_grow_when_folded_stay_as_they_are() -> None:
    assert lowered("Straße") == "straße" and lowered("İZMİR") == "İzmİr"
    assert same("STRAßE", "straße") and not same("STRASSE", "straße")


def test_look_alikes_cost_less_than_any_letter_and_more_than_none() -> None:
    for a, b in (("O", "0"), ("I", "l"), ("1", "l"), ("|", "I"), ("o", "0")):
        assert 0 < distance(a, b) < distance(a, "x") == 1
    assert distance("日", "曰") == 1, "hanzi that look alike are two words"
    assert distance("Ａ", "A") == 1, "widths are folded by `letters`, not here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't stop", ["dont", "stop"]),
        ("rock’n’roll", ["rocknroll"]),
        ("SALE 50% OFF", ["sale", "50", "off"]),
        ("ABC银行2号", ["abc", "银", "行", "2", "号"]),
        ("ＡＢ１２", ["ab12"]),
        ("E\u0301COLE", ["école"]),
        ("one-two", ["one", "two"]),
        ("...", []),
        ("", []),
    ],
)
def test_words_of_mixed_scripts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_korean_is_one_however_its_syllables_are_stored() -> None:
    """macOS stores names as single letters (NFD); what is read is whole syllables."""
    composed, decomposed = (
        "여름 세일",
        "\u110b\u1167\u1105\u1173\u11b7 \u1109\u1166\u110b\u1175\u11af",
    )
    assert plain(decomposed) == plain(composed) == "여름세일"
    assert kept_positions(decomposed) == (0, 2, 6, 8)
