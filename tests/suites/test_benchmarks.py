"""Public benchmarks' own files: the columns are theirs, the prompts here are ours."""

import json
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.records import Prompt
from iqmetrics.suites import benchmarks
from iqmetrics.suites.load import load


def prompts(path: Path, name: str = "") -> list[Prompt]:
    return list(load(f"{name}:{path}" if name else str(path)).prompts)


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def test_partiprompts(tmp_path: Path) -> None:
    path = tmp_path / "PartiPrompts.tsv"
    path.write_text(
        'Prompt\tCategory\tChallenge\tNote\na "big" cat\tAnimals\tBasic\t\nb\tArts\tStyle\tn\n'
    )
    first, second = prompts(path)
    assert (first.id, first.tags, second.text) == ("00000", ("Animals", "Basic"), "b")


def test_drawbench_knows_which_words_must_be_readable(tmp_path: Path) -> None:
    path = tmp_path / "DrawBench.csv"
    path.write_text(
        "Prompts,Category\n\"A sign, saying 'x'\",Colors\nA wall with 'Open Late' on it,Text\n"
    )
    colours, text = prompts(path)
    assert [colours.id, text.id] == ["00000", "00001"]
    assert colours.texts is None and colours.text == "A sign, saying 'x'"
    assert text.texts == ("Open Late",)


def test_geneval_keeps_its_metadata_and_its_folder_names(tmp_path: Path) -> None:
    row = {"tag": "counting", "include": [{"class": "cup", "count": 2}], "prompt": "two cups"}
    [found] = prompts(lines(tmp_path / "evaluation_metadata.jsonl", row))
    assert (found.id, found.text, found.tags, found.seeds) == (
        "00000",
        "two cups",
        ("counting",),
        (0, 1, 2, 3),
    )
    assert found.params["about"] == {"tag": "counting", "include": [{"class": "cup", "count": 2}]}


def test_t2i_compbench_file_and_folder(tmp_path: Path) -> None:
    (tmp_path / "color_val.txt").write_text("a red bench\n\na blue cup\n")
    (tmp_path / "shape_val.txt").write_text("a round door\n")
    assert [p.id for p in prompts(tmp_path / "color_val.txt")] == ["color-00000", "color-00002"]
    assert [p.tags for p in prompts(tmp_path)] == [("color",), ("color",), ("shape",)]


def test_dpg_bench(tmp_path: Path) -> None:
    (tmp_path / "12.txt").write_text("a long\nprompt\n")
    [found] = prompts(tmp_path, "dpg-bench")
    assert (found.id, found.text) == ("12", "a long prompt")


def test_longtext_bench(tmp_path: Path) -> None:
    row = {
        "prompt_id": 3,
        "prompt": "a board",
        "text": ["one two"],
        "category": "board",
        "length": "short",
    }
    [english] = prompts(lines(tmp_path / "text_prompts.jsonl", row))
    assert (english.id, english.texts, english.language) == ("0003", ("one two",), "en")
    [chinese] = prompts(lines(tmp_path / "text_prompts_zh.jsonl", {**row, "text": "一二"}))
    assert (chinese.texts, chinese.language, chinese.tags) == (("一二",), "zh", ("board", "short"))


@pytest.mark.parametrize(("column", "language"), [("prompt_en", "en"), ("prompt_cn", "zh")])
def test_oneig(tmp_path: Path, column: str, language: str) -> None:
    path = tmp_path / "OneIG-Bench.csv"
    path.write_text(f"category,id,{column},type,class\nPortrait,007,words,T,None\n")
    [found] = prompts(path)
    assert (found.id, found.text, found.language) == ("Portrait-007", "words", language)
    assert found.params["about"]["type"] == "T"


def test_hpdv2(tmp_path: Path) -> None:
    (tmp_path / "anime.json").write_text('["a", "b"]')
    (tmp_path / "benchmark_photo.json").write_text('["c"]')
    assert [(p.id, p.text) for p in prompts(tmp_path)] == [
        ("anime-00000", "a"), ("anime-00001", "b"), ("photo-00000", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", benchmarks.FORMATS)
def test_a_file_of_something_else_is_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}')
    if name in ("t2i-compbench", "dpg-bench"):
        path = tmp_path / "empty"
        path.mkdir()
    with pytest.raises(BadInput):
        load(f"{name}:{path}")


@pytest.mark.parametrize(
    ("name", "seeds"),
    [("dpg-bench", (0, 1, 2, 3)), ("longtext-bench", (0, 1, 2, 3)), ("oneig", (0, 1, 2, 3)), ("hpdv2", ())],
)  # fmt: skip
def test_a_benchmark_is_made_with_its_own_number_of_images(
    tmp_path: Path, name: str, seeds: tuple[int, ...]
) -> None:
    path = tmp_path / "x.json"
    if name == "dpg-bench":
        path = tmp_path / "1.txt"
        path.write_text("a cat")
    elif name == "longtext-bench":
        path = lines(tmp_path / "text_prompts.jsonl", {"prompt": "a sign", "text": "OPEN"})
    else:
        row = {"category": "Portrait", "id": "1", "prompt_en": "a cat", "prompt": "a cat"}
        path.write_text(json.dumps([row]))
    [found] = prompts(path, name)
    assert found.seeds == seeds


def test_a_column_or_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    table = tmp_path / "x.tsv"
    table.write_text("Category\nAnimals\n")
    with pytest.raises(BadInput, match=r"has no column Prompt$"):
        prompts(table, "partiprompts")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadInput, match=r"no \*\.txt in .*empty"):
        prompts(empty, "dpg-bench")
    with pytest.raises(BadInput, match="entry 1, is not a prompt"):
        prompts(lines(tmp_path / "anime.json", ["a", 3]), "hpdv2")


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("oneig", "a.json", '["x"]'),
        ("oneig", "a.csv", 'category,id,prompt_en\na,1,"' + "x" * 140_000),
        ("drawbench", "a.csv", "Prompts,Category\na cat,Colors\n,Text\n"),
        ("partiprompts", "a.tsv", "Prompt\tCategory\n \tx\n"),
        ("geneval", "a.jsonl", '{"prompt": null, "tag": "a"}'),
        ("geneval", "a.jsonl", '{"prompt": 3, "tag": "a"}'),
        ("geneval", "a.jsonl", '{"prompt": ["a"], "tag": "a"}'),
        ("longtext-bench", "a.jsonl", '{"prompt": "a", "text": [3], "prompt_id": 0}'),
        ("longtext-bench", "a.jsonl", '{"prompt": "a", "text": 3, "prompt_id": 0}'),
        ("longtext-bench", "a.jsonl", '{"prompt": "a", "text": "b", "prompt_id": "x"}'),
        ("dpg-bench", "a.txt", " \n"),
    ],
)
def test_a_file_without_a_prompt_where_one_must_be_is_told(
    tmp_path: Path, name: str, file: str, text: str
) -> None:
    """`null` and 3 were prompts, and an empty line of a spreadsheet was one without words."""
    (tmp_path / file).write_text(text)
    with pytest.raises(BadInput, match=f"is not a prompt file of {name}"):
        benchmarks.load(name, tmp_path / file)


def test_what_is_not_there_is_told_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist") as error:
        benchmarks.load("oneig", tmp_path / "none.csv")
    assert error.value.hint == "Give the oneig prompt file"


@pytest.mark.parametrize("key", ["prompt_cn", "prompt_zh"])
def test_the_chinese_half_is_chinese(tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"category": "text", "id": 1, key: "雪", "class": None}]))
    (prompt,) = benchmarks.load("oneig", path).prompts
    assert (prompt.language, prompt.text, prompt.tags) == ("zh", "雪", ("text",))
    path.write_text(json.dumps([{"category": "text", "id": 1, "class": "x"}]))
    with pytest.raises(BadInput, match="has a row without prompt_en or prompt_cn"):
        benchmarks.load("oneig", path)
