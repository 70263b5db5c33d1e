"""iqm suites: the list, one suite as table or file, and what it cannot show."""

import json
from pathlib import Path

import pytest
from iqmetrics.cli.main import run

from iqmetrics.suites import files
from iqmetrics.suites.load import load
from iqmetrics.suites.plan import plan

Capture = pytest.CaptureFixture[str]


def test_every_shipped_suite_is_listed_with_its_numbers(capsys: Capture) -> None:
    assert run(["suites", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(files.shipped())
    for name, row in rows.items():
        suite = load(name)
        assert row["prompts"] == len(suite.prompts) and row["pick"] == suite.pick
        assert row["images"] == len(plan(suite)) >= row["prompts"]
        assert row["about"].endswith(".")


def test_the_table_says_the_same(capsys: Capture) -> None:
    run(["suites", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert run(["suites"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[:4] for line in lines] == [
        [row["name"], *(str(row[key]) for key in ("prompts", "images", "pick"))] for row in rows
    ]


@pytest.mark.parametrize("kind", ["toml", "jsonl"])
def test_what_is_printed_is_a_suite_that_reads_back_the_same(
    tmp_path: Path, kind: str, capsys: Capture
) -> None:
    assert run(["suites", "comparison", f"--{kind}"]) == 0
    path = tmp_path / ("mine.suite.toml" if kind == "toml" else "mine.jsonl")
    path.write_text(capsys.readouterr().out, "utf-8")
    mine, ours = load(str(path)), load("comparison")
    assert [(p.id, p.text, p.texts, p.negative) for p in mine.prompts] == [
        (p.id, p.text, p.texts, p.negative) for p in ours.prompts
    ]


def test_json_of_a_suite_keeps_chinese_readable(capsys: Capture) -> None:
    assert run(["suites", "comparison", "--json"]) == 0
    out = capsys.readouterr().out
    wanted = [p.text for p in load("comparison").prompts]
    assert [p["text"] for p in json.loads(out)["prompts"]] == wanted
    assert any(not text.isascii() for text in wanted) and "\\u" not in out


def test_a_suite_as_a_table_has_one_line_a_prompt(capsys: Capture) -> None:
    assert run(["suites", "hands"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [p.id for p in load("hands").prompts]


@pytest.mark.parametrize("option", ["--jsonl", "--toml"])
def test_a_file_of_no_suite_is_refused_instead_of_a_table(option: str, capsys: Capture) -> None:
    assert run(["suites", option]) == 2
    out, talk = capsys.readouterr()
    assert out == "" and "which suite" in talk


def test_a_suite_that_is_none_is_2(tmp_path: Path, capsys: Capture) -> None:
    assert run(["suites", "hand"]) == 2
    assert "Did you mean 'hands'?" in capsys.readouterr().err
    assert run(["suites", str(tmp_path / "none.toml")]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert run(["suites", f"geneval:{tmp_path / 'none.jsonl'}"]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
