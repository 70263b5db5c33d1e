"""Suites of our own: what is read is what was written, and a mistake is named."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.records import Prompt, PromptSuite
from iqmetrics.suites.files import load_file, parse_jsonl, parse_toml, suite, to_jsonl, to_toml

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
        ('[prompt]\nid = "a"\ntext = "x"', "prompt is not a list of tables"),
        ('prompt = "a cat"', "prompt is not a list of tables"),
        ('prompt = ["a cat"]', "prompt is not a list of tables"),
        ("prompt = 3", "prompt is not a list of tables"),
        ('pick = true\n[[prompt]]\nid = "a"\ntext = "x"', "pick = True"),
        ('pick = "2"\n[[prompt]]\nid = "a"\ntext = "x"', "pick = '2'"),
        ('[[prompt]]\nid = true\ntext = "x"', "id and text are needed"),
        ('[[prompt]]\nid = 1.5\ntext = "x"', "id and text are needed"),
        ('[[prompt]]\nid = "a"\ntext = 5', "prompt 'a': id and text are needed"),
        ('seeds = 5\n[[prompt]]\nid = "a"\ntext = "x"', "seeds = 5 is not a list"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nsizes = 512', "sizes = 512 is not a list"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nsizes = [[8, 8, 8]]', "is not [width, height]"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nsizes = [[8, 0]]', "is not positive"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nsizes = [[8, 8.5]]', "8.5 is not a whole number"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nseeds = [true]', "True is not a whole number"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nparams = [1]', "params = [1] is not a table"),
        ('[[prompt]]\nid = "a"\ntext = "x"\nparams = "steps"', "is not a table"),
        ('[[prompt]]\nid = "a"\ntext = "x"\ntags = 5', "5 is not a list of strings"),
        ('[[prompt]]\nid = "a"\ntext = "x"\ntags = [5]', "[5] is not a list of strings"),
    ],
)
def test_a_mistake_is_named(text: str, told: str) -> None:
    with pytest.raises((BadInput, UnknownName), match=re.escape(told)):
        parse_toml("s", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1, is not JSON"),
        ("[]", "not a JSON object"),
        ('{"text": "a"}\n\n{"text": }', "line 3, is not JSON"),
        ('{"text": "a\\ud800"}', "surrogates not allowed"),
        ('{"text": "a", "params": {"steps": NaN}}', "line 1, is not JSON"),
        ('{"text": "a", "seeds": 7}', "seeds = 7 is not a list"),
        ('{"text": "a", "prompt": "b"}', "named 'prompt'"),
        ("[" * 100_000, "line 1, is not JSON"),
    ],
)
def test_a_broken_line_is_named(text: str, told: str) -> None:
    with pytest.raises((BadInput, UnknownName), match=told):
        parse_jsonl("s", text)


def test_two_prompts_of_one_id_are_refused() -> None:
    with pytest.raises(BadInput, match="two prompts with id 'a'"):
        suite("s", [Prompt("a", "x"), Prompt("a", "y")])


def test_one_bracket_too_few_is_told_with_the_way_out() -> None:
    with pytest.raises(BadInput) as error:
        parse_toml("s", '[prompt]\nid = "a"\ntext = "x"\n')
    assert "[[prompt]]" in error.value.hint


def test_what_is_null_asks_nothing_and_toml_goes_without_it() -> None:
    made = parse_jsonl(
        "s", '{"text": "a", "params": {"steps": null, "about": {"x": null, "y": 1}}}'
    )
    assert dict(made.prompts[0].params) == {"about": {"x": None, "y": 1}}
    again = parse_toml("s", to_toml(made))
    assert dict(again.prompts[0].params) == {"about": {"y": 1}}
    listed = parse_jsonl("s", '{"text": "a", "params": {"loras": [null]}}')
    with pytest.raises(BadInput, match="null") as error:
        to_toml(listed)
    assert "--jsonl" in error.value.hint


@pytest.mark.parametrize("name", ["s.suite.toml", "s.toml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_any_editor_is_read(tmp_path: Path, name: str, encoding: str, end: str) -> None:
    text = end.join(["[[prompt]]", 'id = "ä"', 'text = "ein Schild: »Öl«"', ""])
    (tmp_path / name).write_bytes(text.encode(encoding))
    made = load_file(tmp_path / name)
    assert (made.name, made.prompts[0].id) == ("s", "ä")
    assert made.prompts[0].text == "ein Schild: »Öl«"


def test_json_lines_of_another_editor_are_read(tmp_path: Path) -> None:
    """A byte order mark, and U+2028 within a prompt, which is no end of a line."""
    path = tmp_path / "s.jsonl"
    path.write_bytes('{"text": "a\u2028b"}\r\n{"text": "c"}\r\n'.encode("utf-8-sig"))
    assert [p.text for p in load_file(path).prompts] == ["a\u2028b", "c"]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_file_in_another_encoding_says_how_to_save_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes('[[prompt]]\nid = "a"\ntext = "ä ö"\n'.encode(encoding))
    with pytest.raises(BadInput, match="is not UTF-8") as error:
        load_file(path)
    assert "UTF-8" in error.value.hint


def test_a_folder_called_like_a_suite_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        load_file(tmp_path)
