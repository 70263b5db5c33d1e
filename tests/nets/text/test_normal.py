import pytest
from torchmetrics.functional.text import edit_distance

from iqmetrics.nets.text.normal import (
    CONFUSED_COST,
    alike,
    distance,
    kept_positions,
    letters,
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
