import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("招牌写着“老火锅”和“since 1987”", ["老火锅", "since 1987"]),
        ("写着“他说：‘走吧’”的海报", ["他说：‘走吧’"]),
        ("「外『内』外」という看板", ["外『内』外"]),
        ("招牌“OPEN”旁边写着'营业中'", ["OPEN", "营业中"]),
        ('霓虹灯"深夜食堂"下面是"OPEN"', ["深夜食堂", "OPEN"]),
        ("《三体》和〝火星〞两本书", ["三体", "火星"]),
        ("〝火星〟", ["火星"]),
        ("ein Schild „Bäckerei” hier", ["Bäckerei"]),
        ("ein Schild ‹offen› hier", ["offen"]),
        ("“第一行\n第二行”的海报", ["第一行 第二行"]),
    ],
)
def test_chinese_and_mixed_marks(prompt: str, expected: list[str]) -> None:
    assert texts(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ('a 5\'10" tall man with a "HELP" sign', ["HELP"]),
        ("a man 6'2\" tall", []),
        ('a 12" by 9" tray', []),
        ('logo of "Joe\'s" bar', ["Joe's"]),
        ("text \"rock 'n' roll\" in neon", ["rock 'n' roll"]),
        ("the '80s poster 'MIAMI' in pink", ["MIAMI"]),
        ("the girls' room, sign 'KNOCK'", ["KNOCK"]),
        ("the sign reads 'Don't Stop'", ["Don't Stop"]),
    ],
)
def test_marks_that_are_apostrophes_inches_and_feet_beside_quotes(
    prompt: str, expected: list[str]
) -> None:
    assert texts(prompt) == expected


@pytest.mark.parametrize("prompt", ["a sign “OPEN", "写着「开业", "a `tick", "««", "”“", "'", "“”"])
def test_marks_that_never_close_or_hold_nothing_are_no_quotes(prompt: str) -> None:
    assert texts(prompt) == []


def test_unbalanced_nesting_closes_at_the_first_closing_mark() -> None:
    assert texts("“one “two” three") == ["one “two"]


@given(st.text(alphabet="ab \"'“”‘’「」『』《》„«»`0s,。", max_size=40))
def test_spans_are_in_order_apart_and_within_the_prompt(prompt: str) -> None:
    plain = normalised(prompt)
    end = 0
    for span in spans(plain):
        assert end <= span.start < span.end <= len(plain)
        assert plain[span.start] == span.mark
        assert span.text and span.text == " ".join(plain[span.start + 1 : span.end - 1].split())
        end = span.end
