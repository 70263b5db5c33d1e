import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.nets.prompts import clauses, foreign_share, plain


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("a cat", "a cat"),
        ("(masterpiece:1.2), a cat", "masterpiece, a cat"),
        ("((best quality)), a (red:0.8) cat", "best quality, a red cat"),
        ("a (very (red:1.1):1.3) cat", "a very red cat"),
        ("[blurry:0.5] cat", "blurry cat"),
        ("<lora:detail_tweaker:0.8> a cat <lyco:x:1>", "a cat"),
        ("a cat, <lora:a:1>, <hypernet:b:0.5>", "a cat"),
        (r"a cat \(animal\)", "a cat (animal)"),
        ("ratio 16:9 (wide)", "ratio 16:9 (wide)"),
        ("一只(红色:1.3)的猫", "一只红色的猫"),
        ("", ""),
    ],
)
def test_markup_is_stripped(given_: str, wanted: str) -> None:
    assert plain(given_) == wanted


@pytest.mark.parametrize("text", ["a photo (of a dog)", "price: 3.50", "a <b> c", "x:1.2"])
def test_what_is_no_markup_stays(text: str) -> None:
    assert plain(text) == text


def test_stripping_twice_changes_nothing() -> None:
    once = plain("((a:1.1) b:1.2), <lora:c:1> d")
    assert plain(once) == once


def words_at_most(n: int):
    return lambda text: len(text.split()) <= n


def test_a_short_prompt_is_one_clause() -> None:
    assert clauses("a red fox", words_at_most(5)) == ["a red fox"]


def test_sentences_are_cut_first_then_commas() -> None:
    text = "A red fox sits. Deep snow, tall pines, a pale sun. Dusk."
    assert clauses(text, words_at_most(4)) == [
        "A red fox sits.",
        "Deep snow, tall pines,",
        "a pale sun. Dusk.",
    ]


def test_clauses_are_packed_as_full_as_they_fit() -> None:
    assert clauses("a, b, c, d, e, f", words_at_most(4)) == ["a, b, c, d,", "e, f"]


def test_chinese_without_spaces_is_cut_too() -> None:
    text = "一只红色的狐狸坐在雪地里，远处是高高的松树。" * 4
    pieces = clauses(text, lambda t: len(t) <= 15)
    assert all(len(p) <= 15 for p in pieces)
    assert "".join(pieces).replace(" ", "") == text


@given(st.text(alphabet="ab ,.;中文，。\n", max_size=120), st.integers(1, 12))
def test_every_piece_fits_and_no_word_is_lost(text: str, most: int) -> None:
    pieces = clauses(text, lambda t: len(t.strip()) <= most)
    assert all(len(p.strip()) <= most for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("a red fox", 0, 0),
        ("un château près du lac", 0, 0),
        ("一只红色的狐狸", 1, 1),
        ("красная лиса", 1, 1),
        ('a shop sign that reads "营业中"', 0, 0),
        ("a shop sign that reads “营业中”", 0, 0),
        ("fox 狐狸 in the deep winter snow of the north", 0.01, 0.19),
        ("1234 !!", 0, 0),
    ],
)
def test_share_of_foreign_letters(text: str, low: float, high: float) -> None:
    assert low <= foreign_share(text) <= high
