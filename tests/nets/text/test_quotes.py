import pytest

from iqmetrics.nets.text.quotes import normalised, spans


def texts(prompt: str) -> list[str]:
    return [s.text for s in spans(normalised(prompt))]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ('a sign "OPEN" and "SHUT"', ["OPEN", "SHUT"]),
        ("a sign 'OPEN' and ‘SHUT’", ["OPEN", "SHUT"]),
        ("海报上写着“开业大吉”和「欢迎」还有『光临』", ["开业大吉", "欢迎", "光临"]),
        ("un cartel «ABIERTO», ein Schild „OFFEN“", ["ABIERTO", "OFFEN"]),
        ("a sign “outer ‘inner’ words”", ["outer ‘inner’ words"]),
        ("“one “two” three”", ["one “two” three"]),
        ("a `code` mark", ["code"]),
        ("two ''single'' marks and ``these''", ["single", "these"]),
        ('an escaped \\"HELLO\\" sign', ["HELLO"]),
        ("＂全角＂ marks", ["全角"]),
        ('it reads"CLOSED" today', ["CLOSED"]),
    ],
)
def test_every_kind_of_pair(prompt: str, expected: list[str]) -> None:
    assert texts(prompt) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "the dog's bowl and the cats' basket don't match",
        'a 12" pizza beside a 9" plate',
        "music of the '90s and rock 'n' roll, 'til dawn",
        'a lone " mark',
        "",
        '""',
    ],
)
def test_apostrophes_inches_and_loose_marks_are_no_quotes(prompt: str) -> None:
    assert texts(prompt) == []


def test_apostrophes_inside_single_marks_do_not_end_them() -> None:
    assert texts("a shop 'Joe's Diner' at dusk") == ["Joe's Diner"]
    assert texts("a door 'The Drivers' Club' in oak") == ["The Drivers' Club"]
    assert texts("'Cats' and 'Dogs' on mugs") == ["Cats", "Dogs"]
    assert texts("a mug 'It’s fine' here") == ["It’s fine"]


def test_inch_mark_before_a_quotation_is_passed_over() -> None:
    assert texts('a 12" pizza box saying "HOT"') == ["HOT"]


def test_a_prompt_that_is_one_quotation_is_unwrapped() -> None:
    assert texts("\"A sign reading 'EXIT' over a door\"") == ["EXIT"]


def test_spans_tell_where_they_stand() -> None:
    prompt = 'a sign "OPEN" here'
    (span,) = spans(prompt)
    assert prompt[span.start : span.end] == '"OPEN"'
    assert span.mark == '"'


def test_white_space_inside_is_folded() -> None:
    assert texts('a sign "GRAND\n  OPENING"') == ["GRAND OPENING"]
