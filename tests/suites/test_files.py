"""Suites of our own: what is read is what was written, and a mistake is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.records import Prompt, PromptSuite
from iqmetrics.suites.files import parse_jsonl, parse_toml, suite, to_jsonl, to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WHOLE = st.integers(1, 4096)
PROMPTS = st.builds(
    Prompt,
    id=st.text("abcdef-_0123456789", min_size=1, max_size=12),
    text=TEXT,
    tags=st.lists(TEXT, max_size=3).map(tuple),
    language=st.sampled_from(["", "en", "zh"]),
    negative=st.none() | TEXT.filter(bool),
    texts=st.none() | st.lists(TEXT, max_size=3).map(tuple),
    sizes=st.lists(st.tuples(WHOLE, WHOLE), max_size=3).map(tuple),
    seeds=st.lists(st.integers(0, 2**32), max_size=3).map(tuple),
    params=st.dictionaries(TEXT, st.integers() | TEXT | st.booleans(), max_size=2),
)
SUITES = st.lists(PROMPTS, min_size=1, max_size=4, unique_by=lambda p: p.id)


@given(SUITES)
def test_jsonl_and_toml_round_trip(prompts: list[Prompt]) -> None:
    made = PromptSuite("s", "3", tuple(prompts), 2)
    assert parse_jsonl("s", to_jsonl(made)).prompts == made.prompts
    assert parse_toml("s", to_toml(made, "why")) == made


def test_defaults_of_a_suite_reach_each_prompt_that_says_nothing() -> None:
    made = parse_toml(
        "s",
        'seeds = [1, 2]\nsizes = [[8, 4]]\nlanguage = "zh"\n[[prompt]]\nid = "a"\ntext = "x"\n'
        '[[prompt]]\nid = "b"\ntext = "y"\nseeds = [9]\ntexts = []\n',
    )
    a, b = made.prompts
    assert (a.seeds, a.sizes, a.language, a.texts) == ((1, 2), ((8, 4),), "zh", None)
    assert (b.seeds, b.texts) == ((9,), ())


def test_jsonl_takes_prompt_for_text_and_numbers_what_has_no_id() -> None:
    made = parse_jsonl("s", '{"prompt": "a"}\n\n{"text": "b", "id": 7}\n')
    assert [(p.id, p.text) for p in made.prompts] == [("0001", "a"), ("7", "b")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("= 1", "not valid TOML"),
        ('pik = 2\n[[prompt]]\nid = "a"\ntext = "x"', "key in suite s named 'pik'"),
        ('[[prompt]]\nid = "a"\ntxt = "x"', "key in a prompt of suite s named 'txt'"),
        ('[[prompt]]\nid = "a"\n', "id and text are needed"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nsizes = [8, 8]', "size 8 is not"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nsizes = [[0, 8]]', "is not positive"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nseeds = ["1"]', "'1' is not a whole number"),
        ('[[prompt]]\nid = "a"\ntext = "x"\ntexts = "x"', "is not a list of strings"),
        ('pick = 0\n[[prompt]]\nid = "a"\ntext = "x"', "pick = 0"),
        ("pick = 1", "has no prompts"),
    ],
)
def test_a_mistake_is_named(text: str, told: str) -> None:
    with pytest.raises((BadInput, UnknownName), match=told.replace("[", r"\[")):
        parse_toml("s", text)


@pytest.mark.parametrize(
    ("text", "told"), [("{", "line 1, is not JSON"), ("[]", "not a JSON object")]
)
def test_a_broken_line_is_named(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        parse_jsonl("s", text)


def test_two_prompts_of_one_id_are_refused() -> None:
    with pytest.raises(BadInput, match="two prompts with id 'a'"):
        suite("s", [Prompt("a", "x"), Prompt("a", "y")])
