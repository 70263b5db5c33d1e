"""Strings are compared by laws that hold for any text: accents, scripts, emoji, broken or hostile."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iqmetrics.nets.text import normal, quotes
from iqmetrics.nets.text.targets import from_prompt

TEXT = st.text(max_size=14)
PRINTED = st.text("abcIl1|O0oéß夏日ひ 'x-!?\u0301", max_size=9)
QUOTED = st.text("ab \"'“”‘’「」『』«»\\`,.!s90夏", max_size=24)


def slow_distance(a: str, b: str) -> int:
    """Levenshtein by its recurrence."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, last = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y)))
    return row[-1]


@given(PRINTED, PRINTED)
def test_a_distance_is_the_edits_with_look_alikes_cheaper(a: str, b: str) -> None:
    strict = slow_distance(normal.lowered(a), normal.lowered(b))
    folded = slow_distance(normal.alike(a), normal.alike(b))
    expected = min(strict, folded + normal.CONFUSED_COST * max(0, strict - folded))
    assert normal.distance(a, b) == pytest.approx(expected)


@given(TEXT, TEXT)
def test_a_distance_is_symmetric_zero_only_for_the_same_and_at_most_the_longer(
    a: str, b: str
) -> None:
    there = normal.distance(a, b)
    assert there == normal.distance(b, a)
    assert 0 <= there <= max(len(a), len(b))
    assert (there == 0) == (normal.lowered(a) == normal.lowered(b))
    assert 0 <= normal.similarity(a, b) <= 1
    assert normal.similarity(a, a) == 1


@given(TEXT)
def test_the_plain_form_tells_where_each_character_stood(text: str) -> None:
    plain, places = normal.plain(text), normal.kept_positions(text)
    assert len(plain) == len(places)
    assert list(places) == sorted(places)
    assert all(0 <= place < len(text) for place in places)


@given(TEXT)
def test_composed_and_decomposed_writing_are_one(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert normal.plain(composed) == normal.plain(unicodedata.normalize("NFD", composed))


@given(st.text("abc é夏1!? -\t\n", max_size=14))
def test_signs_and_white_space_never_count(text: str) -> None:
    assert (
        normal.plain(text) == normal.plain(f" {text}!? ") == "".join(c for c in text if c.isalnum())
    )
    assert normal.plain(normal.plain(text)) == normal.plain(text)


@given(TEXT)
def test_folding_keeps_the_length(text: str) -> None:
    assert len(normal.lowered(text)) == len(normal.alike(text)) == len(text)
    assert normal.alike(normal.alike(text)) == normal.alike(text)
    assert normal.same(text, text)


@given(st.lists(st.sampled_from(["red", "fox", "don't", "夏", "日", "90s", "é"]), max_size=8))
def test_words_are_what_spaces_part_and_each_hanzi(parts: list[str]) -> None:
    assert normal.words(" ".join(parts)) == [p.replace("'", "") for p in parts]
    assert normal.words(" ".join(parts).upper().replace("90S", "90s")) == normal.words(
        " ".join(parts)
    )


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_shared_words_are_those_of_a_pairing_one_to_one(a: list[str], b: list[str]) -> None:
    rest, count = list(b), 0
    for word in a:
        if word in rest:
            rest.remove(word)
            count += 1
    assert normal.shared(a, b) == normal.shared(b, a) == count


@settings(max_examples=300)
@given(QUOTED)
def test_spans_lie_in_the_prompt_in_order_and_do_not_overlap(prompt: str) -> None:
    prompt = quotes.normalised(prompt)
    end = 0
    for span in quotes.spans(prompt):
        assert end <= span.start < span.end <= len(prompt)
        assert span.text in " ".join(prompt[span.start : span.end].split())
        end = span.end


@settings(max_examples=200)
@given(QUOTED)
def test_any_prompt_has_targets_that_stand_in_it(prompt: str) -> None:
    flat = "".join(quotes.normalised(prompt).split())
    for target in from_prompt(prompt):
        assert normal.letters(target.text)
        assert "".join(target.text.split()) in flat


@pytest.mark.parametrize("mark", ['""', "“”", "「」", "『』", "«»"])
@given(
    words=st.lists(st.sampled_from(["OPEN", "LATE", "夏日", "7up", "café"]), min_size=1, max_size=3)
)
def test_what_is_quoted_is_asked_for_whatever_the_marks(mark: str, words: list[str]) -> None:
    text = " ".join(words)
    found = from_prompt(f"a sign that reads {mark[0]}{text}{mark[1]} over a door")
    assert [target.text for target in found] == [text]


@pytest.mark.parametrize(
    "hostile",
    ['"' * 5000, "'" * 5000, "“" * 5000, '"a' * 3000, "「" * 3000 + "」" * 3000, "a'b " * 3000],
)
def test_endless_marks_take_no_endless_time(hostile: str) -> None:
    import time

    start = time.process_time()
    from_prompt(hostile)
    assert time.process_time() - start < 5


@given(PRINTED, st.lists(PRINTED, min_size=1, max_size=4))
def test_many_similarities_are_each_ones(wanted: str, found: list[str]) -> None:
    each = [normal.similarity(wanted, text) for text in found]
    assert list(normal.similarities(wanted, found)) == pytest.approx(each)
