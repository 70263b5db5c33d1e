import csv
import json
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.metadata.tables import described, read_table, row_of


def table(folder: Path, name: str, text: str | bytes):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(str(folder / name), name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "file_name,prompt,seed\na.png,a fox,42\n"),
        ("t.csv", "\ufefffile_name;prompt;seed\r\na.png;a fox;42\r\n"),
        ("t.csv", "File_Name,Text,Seed\na.png,a fox,42.0\n"),
        ("t.tsv", "image\tcaption\tseed\na.png\ta fox\t42\n"),
        ("t.jsonl", '{"path": "a.png", "prompt": "a fox", "seed": 42}\n\n'),
        ("t.json", '[{"image": "a.png", "prompt": "a fox", "seed": "42"}]'),
        ("t.json", '{"a.png": {"prompt": "a fox", "seed": 42}}'),
    ],
)
def test_the_same_row_in_every_form(name: str, text: str, tmp_path: Path) -> None:
    (row,) = table(tmp_path, name, text)
    assert (row.file, row.facts.prompt, row.facts.seed, row.number) == ("a.png", "a fox", 42, 1)
    assert row.facts.source == name


def test_prompts_with_newlines_quotes_and_commas(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "t.csv", 'file_name,prompt\na.png,"a ""red"" fox,\nin snow"\n')
    assert row.facts.prompt == 'a "red" fox,\nin snow'


def test_json_of_names_and_prompts(tmp_path: Path) -> None:
    rows = table(tmp_path, "t.json", '{"a.png": "a fox", "b.png": "a cow"}')
    assert [(row.file, row.facts.prompt) for row in rows] == [
        ("a.png", "a fox"),
        ("b.png", "a cow"),
    ]


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ({"width": "64", "height": "96"}, "size", (64, 96)),
        ({"size": "64x96"}, "size", (64, 96)),
        ({"resolution": [64, 96]}, "size", (64, 96)),
        ({"width": "64"}, "size", None),
        ({"texts": ["A", "B"]}, "texts", ("A", "B")),
        ({"texts": '["A", "B"]'}, "texts", ("A", "B")),
        ({"texts": "A|B"}, "texts", ("A", "B")),
        ({"texts": []}, "texts", ()),
        ({}, "texts", None),
        ({"tags": "fox|snow"}, "tags", ("fox", "snow")),
        ({"prompt": ""}, "prompt", ""),
        ({}, "prompt", None),
        ({"seed": "many"}, "seed", None),
        ({"id": 7}, "prompt_id", "7"),
        ({"prompt_id": "p", "id": 7}, "prompt_id", "p"),
    ],
)
def test_columns(row: dict, field: str, value: object) -> None:
    assert getattr(row_of(row, "t").facts, field) == value


def test_other_columns_stay_in_params_and_are_json() -> None:
    facts = row_of(
        {"steps": "20", "latency_s": "1.5", "note": "x", "bad": float("nan"), "params": {"a": 1}},
        "t",
    ).facts
    assert facts.params == {"steps": 20, "latency_s": 1.5, "note": "x", "bad": None, "a": 1}
    assert "NaN" not in facts.to_json()


def test_a_failed_request_keeps_its_reason() -> None:
    assert row_of({"status": "refused", "reason": "safety filter"}, "t").failed == "safety filter"
    assert row_of({"status": "failed"}, "t").failed == "failed"
    assert row_of({"status": "ok"}, "t").failed == row_of({}, "t").failed == ""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.jsonl", '{"a": 1}\n{"a": \n', "line 2, is not JSON"),
        ("t.jsonl", '{"a": 1}\n[1]\n', "line 2, is not a JSON object"),
        ("t.json", "[1, 2]", "is not a table"),
        ("t.json", "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_table_is_one_clear_sentence(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=said):
        table(tmp_path, name, text)


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_table(str(tmp_path / "none.csv"))


def test_bytes_that_are_not_utf8_survive(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "t.csv", b"file_name,prompt\n\xff.png,fox\n")
    assert row.file == "\udcff.png"


def test_prompts_in_another_code_page_are_refused_not_guessed(tmp_path: Path) -> None:
    """A Chinese Excel saves "CSV" in GBK: its bytes would be prompts that nobody wrote."""
    rows = table(tmp_path, "t.csv", "file_name,prompt\na.png,一只奔跑的狐狸\n".encode("gbk"))
    with pytest.raises(BadInput, match="row 1: the prompt is not UTF-8") as told:
        described(rows, "t.csv")
    assert "CSV UTF-8" in told.value.hint


@pytest.mark.parametrize("order", ["utf-16", "utf-8-sig", "utf-8"])
def test_a_table_with_a_byte_order_mark_is_read(order: str, tmp_path: Path) -> None:
    (row,) = described(
        table(tmp_path, "t.csv", "image\tprompt\na.png\t雪, 狐\n".encode(order)), "t"
    )
    assert (row.file, row.facts.prompt) == ("a.png", "雪, 狐")


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl"])
def test_a_table_that_speaks_of_nothing_known_is_refused(name: str, tmp_path: Path) -> None:
    text = '{"foo": 1}\n' if name.endswith("l") else "foo\tbar\n1\t2\n"
    with pytest.raises(BadInput, match="no column that names an image or a prompt"):
        described(table(tmp_path, name, text), name)


def test_empty_table_has_no_rows(tmp_path: Path) -> None:
    assert table(tmp_path, "t.csv", "") == table(tmp_path, "t.jsonl", "") == []
    assert json.loads("[]") == table(tmp_path, "t.json", "[]")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ("[" * 100_000, ("[" * 100_000,)),
        ("[OPEN", ("[OPEN",)),
        ('["A", 3, " "]', ("A", "3")),
        (" A | | 雪 ", ("A", "雪")),
        ("[]", ()),
    ],
    ids=["deep", "bracket", "mixed", "blank", "none"],
)
def test_lists_of_texts_in_any_writing(texts: str, found: tuple[str, ...]) -> None:
    assert row_of({"texts": texts}, "t").facts.texts == found


@pytest.mark.parametrize(
    ("size", "found"),
    [
        ("64 x 96", (64, 96)), ("64×96", (64, 96)), ("64X96", (64, 96)), ("64x96x3", None),
        ([64], None), (["64", 96], (64, 96)), ("square", None), ("0x96", None),
    ],
)  # fmt: skip
def test_sizes_in_any_writing(size: object, found: object) -> None:
    assert row_of({"size": size}, "t").facts.size == found


def test_width_and_height_win_over_a_size_and_stay_where_they_make_none() -> None:
    both = row_of({"width": 64, "height": 96, "size": "1x2"}, "t").facts
    assert both.size == (64, 96) and both.params == {"size": "1x2"}
    half = row_of({"width": 64, "height": "tall"}, "t").facts
    assert half.size is None and half.params == {"width": 64, "height": "tall"}


def test_rows_longer_and_shorter_than_the_header(tmp_path: Path) -> None:
    rows = table(tmp_path, "t.csv", "file_name,prompt,seed\na.png\nb.png,fox,7,8,9\n,,\n")
    assert [(r.file, r.facts.prompt, r.facts.seed, r.number) for r in rows] == [
        ("a.png", None, None, 1),
        ("b.png", "fox", 7, 2),
        ("", "", None, 3),
    ]


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    for name in ("t.csv", "t.tsv", "t.jsonl"):
        assert table(tmp_path, name, "") == [] == table(tmp_path, name, "\n\n")
    assert table(tmp_path, "t.json", "[]") == []


def test_a_prompt_longer_than_pythons_default_is_read(tmp_path: Path) -> None:
    kept = csv.field_size_limit(131_072)
    try:
        (row,) = table(tmp_path, "t.csv", f"file_name,prompt\na.png,{'x' * 200_000}\n")
        assert row.facts.prompt is not None and len(row.facts.prompt) == 200_000
    finally:
        csv.field_size_limit(kept)


@pytest.mark.parametrize(
    ("texts", "found"), [(3, ()), ({"a": "b"}, ()), (["a", 3, " "], ("a", "3"))]
)
def test_texts_are_strings_or_nothing(texts: object, found: tuple[str, ...]) -> None:
    asked = row_of({"file_name": "a.png", "texts": texts}, "t").facts.texts
    assert (asked or ()) == found
