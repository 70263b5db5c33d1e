import csv
import json
import sys
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.metadata import tables
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


def test_a_table_that_was_cut_in_a_quoted_prompt_is_told(tmp_path: Path) -> None:
    """All that follows an open quote used to be one prompt."""
    text = 'file_name,prompt\na.png,"a fox, in snow"\nb.png,"a cow\nc.png,a cat\n'
    with pytest.raises(BadInput, match="ends inside a field in quotes") as told:
        table(tmp_path, "t.csv", text)
    assert "cut short" in told.value.hint


def test_quotes_within_a_field_are_no_open_ones(tmp_path: Path) -> None:
    rows = table(tmp_path, "t.csv", 'file_name,prompt\na.png,a 5" screen\nb.png,"a ""b""" c\n')
    assert [r.facts.prompt for r in rows] == ['a 5" screen', 'a "b" c']


@pytest.mark.parametrize(("delimiter", "name"), [(",", "t.csv"), (";", "t.csv"), ("\t", "t.tsv")])
def test_a_prompt_that_a_delimiter_would_cut_is_told(
    delimiter: str, name: str, tmp_path: Path
) -> None:
    """`a.png,a fox, in snow` was the prompt "a fox"."""
    lines = [["file_name", "Prompt"], ["a.png", "a cow"], ["b.png", "a fox", " in snow"]]
    text = "\n".join(delimiter.join(line) for line in lines)
    with pytest.raises(BadInput, match="row 2, has more fields") as told:
        table(tmp_path, name, text)
    assert "prompt" in told.value.hint and repr(delimiter) in told.value.hint


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_empty_fields_at_the_end_cut_nothing(name: str, tmp_path: Path) -> None:
    """As spreadsheets write them when a note stood beside the table once."""
    between = "," if name == "t.csv" else "\t"
    text = between.join(["image", "prompt\na.png", "a fox", "", "\n"])
    (row,) = table(tmp_path, name, text)
    assert (row.file, row.facts.prompt) == ("a.png", "a fox")


def test_a_table_of_unheard_of_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "file_name,prompt\na.png,a fox\n"
    monkeypatch.setattr(tables, "MAX_BYTES", len(text))
    assert len(table(tmp_path, "t.csv", text)) == 1
    monkeypatch.setattr(tables, "MAX_BYTES", len(text) - 1)
    with pytest.raises(BadInput, match="is over") as told:
        table(tmp_path, "t.csv", text)
    assert told.value.hint == "Split the table."


def test_a_parquet_table_is_read_as_any_other(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [
        {"file_name": "a.png", "prompt": "雪", "seed": 2**40, "tags": ["x"], "model": "m"},
        {"file_name": "b.png", "prompt": None, "seed": None, "tags": None, "model": None},
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    one, two = read_table(str(tmp_path / "t.parquet"))
    assert (one.number, one.facts.prompt, one.facts.seed) == (1, "雪", 2**40)
    assert (one.facts.tags, one.facts.model) == (("x",), "m")
    assert (two.number, two.file, two.facts.prompt, two.facts.model) == (2, "b.png", None, "")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" * 9, b"file_name,prompt\n"])
def test_what_is_no_parquet_table_is_told(data: bytes, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(BadInput, match="is no Parquet table"):
        table(tmp_path, "t.parquet", data)
    with pytest.raises(BadInput, match="is no Parquet table"):
        read_table(str(tmp_path / "none.parquet"))


def test_a_parquet_table_without_the_package_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Unavailable) as told:
        table(tmp_path, "t.parquet", b"")
    assert told.value.hint == "pip install 'iqmetrics[tables]'"


@pytest.mark.parametrize(
    "row",
    [{"file_name": "a.png"}, {"prompt": "x"}, {"id": 7}, {"status": "refused"}],
    ids=["file", "prompt", "id", "failure"],
)
def test_one_known_column_makes_a_table(row: dict, tmp_path: Path) -> None:
    rows = table(tmp_path, "t.jsonl", json.dumps({"other": 1}) + "\n" + json.dumps(row))
    assert described(rows, "t.jsonl") == rows


@pytest.mark.parametrize("letter", [0x80, 0xFF])
def test_every_stray_byte_in_a_prompt_is_refused(letter: int, tmp_path: Path) -> None:
    rows = table(tmp_path, "t.csv", b"image,prompt\na.png,ok\nb.png,caf" + bytes([letter]))
    with pytest.raises(BadInput, match="row 2: the prompt is not UTF-8"):
        described(rows, "t.csv")


def test_an_empty_prompt_was_asked_for_and_an_absent_one_was_not() -> None:
    assert row_of({"prompt": ""}, "t").facts.prompt == ""
    assert row_of({"prompt": "", "caption": "a fox"}, "t").facts.prompt == "a fox"
    assert row_of({"caption": ""}, "t").facts.prompt is None
    assert row_of({"prompt": None}, "t").facts.prompt is None


@pytest.mark.parametrize("status", ["ok", "OK", "done", "Success"])
def test_a_request_that_went_well_did_not_fail(status: str) -> None:
    found = row_of({"status": status, "reason": "none"}, "t")
    assert found.failed == "" and "status" not in found.facts.params
