"""Every option of every command: what it does not understand is one sentence with a way out."""

import json
import re
from pathlib import Path

import click
import numpy as np
import pytest
from factory import card, paint
from iqmetrics.cli.main import COMMANDS, iqm, run

from iqmetrics.pipeline import scorecard_file

OUTPUT = ("--out", "--verdict")


def command_of(name: str) -> click.Command:
    found = iqm.get_command(None, name)  # type: ignore[arg-type]
    assert found is not None
    return found


def leaves() -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be run, with its words."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in sorted(COMMANDS):
        command = command_of(name)
        if isinstance(command, click.Group):
            found += [((name, sub), c) for sub, c in sorted(command.commands.items())]
        else:
            found.append(((name,), command))
    return found


LEAVES = leaves()
OPTIONS = [
    (words, option)
    for words, command in LEAVES
    for option in command.params
    if isinstance(option, click.Option)
]


def say(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip()


def one_sentence(text: str) -> None:
    assert text.startswith("Error: "), text
    assert "Traceback" not in text and "a bug in iqm" not in text
    assert len(text.splitlines()) <= 4, text


@pytest.mark.parametrize(
    ("words", "option"), OPTIONS, ids=[" ".join(w) + o.opts[0] for w, o in OPTIONS]
)
def test_every_option_is_explained_and_named_in_words(
    words: tuple[str, ...], option: click.Option
) -> None:
    assert option.help, "an option without help is a riddle"
    assert option.help[0].isupper() or "--model" in option.opts
    assert option.help.rstrip().endswith((".", ")")) or ("--model" in option.opts), option.help
    assert all(re.fullmatch(r"--[a-z][a-z-]*|-[a-z]", name) for name in option.opts)


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=[" ".join(w) for w, _ in LEAVES])
def test_an_unknown_option_is_told_with_where_to_read_on(
    words: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--no-such-option"]) == 2
    text = say(capsys)
    one_sentence(text)
    assert "--no-such-option" in text
    assert f"{' '.join(words)} --help" in text


TYPED = [
    (words, option)
    for words, option in OPTIONS
    if isinstance(option.type, (click.IntRange, click.FloatRange, click.Choice))
    or option.type in (click.INT, click.FLOAT)
]


@pytest.mark.parametrize(
    ("words", "option"), TYPED, ids=[" ".join(w) + o.opts[0] for w, o in TYPED]
)
@pytest.mark.parametrize("value", ["nonsense", "", "1e", "٣x", "\udcff"])
def test_a_value_of_the_wrong_kind_names_the_option(
    words: tuple[str, ...], option: click.Option, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, f"{option.opts[0]}={value}"]) == 2
    text = say(capsys)
    one_sentence(text)
    assert option.opts[0] in text


RANGED = [(w, o) for w, o in TYPED if isinstance(o.type, (click.IntRange, click.FloatRange))]


@pytest.mark.parametrize(
    ("words", "option"), RANGED, ids=[" ".join(w) + o.opts[0] for w, o in RANGED]
)
def test_a_number_below_its_range_is_refused(
    words: tuple[str, ...], option: click.Option, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = option.type
    assert isinstance(kind, (click.IntRange, click.FloatRange)) and kind.min is not None
    assert run([*words, f"{option.opts[0]}={int(kind.min) - 1}"]) == 2
    one_sentence(say(capsys))


MISSING = ("no/such/place", "no-such-file.json", "")


@pytest.mark.parametrize("place", MISSING)
@pytest.mark.parametrize(
    "line",
    [
        ["score", "{}"], ["scorecard", "{}"], ["report", "{}"], ["export", "{}", "--excel"], ["serve", "{}"],
        ["compare", "{}"], ["gate", "{}", "--baseline", "{}", "--rules", "release"],
        ["generate", "{}", "--model", "a=folder:x"], ["weights", "import", "{}"],
        ["suites", "{}"], ["scorers", "{}"], ["generators", "{}"],
    ],
    ids=lambda line: line[0],
)  # fmt: skip
def test_what_is_not_there_is_one_sentence_with_a_way_out(
    line: list[str],
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([word.format(place) for word in line]) == 2
    text = say(capsys)
    one_sentence(text)
    assert len(text.splitlines()) == 2, f"no way out: {text}"
    assert sorted(tmp_path.iterdir()) == [], "nothing is left behind"


BROKEN = {
    "empty": b"", "no-json": b"{", "list": b"[]", "null": b"null", "number": b"7", "binary": bytes(range(256)),
    "deep": b"[" * 50_000, "other": b'{"schema": "something else"}', "nan": b'{"rows": NaN}',
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("command", ["scorecard", "compare", "gate", "baseline"])
def test_a_scorecard_that_is_none_is_named(
    command: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "scorecard.json"
    bad.write_bytes(BROKEN[kind])
    whole = tmp_path / "whole.json"
    whole.write_text(scorecard_file.dump(card({"a": np.full((3, 2), 0.5)})))
    gate = ["gate", str(bad), "--baseline", str(whole), "--rules", "release"]
    if command == "baseline":
        gate[1], gate[3] = gate[3], gate[1]
    line = gate if command in ("gate", "baseline") else [command, str(bad)]
    assert run(line) == 2
    text = say(capsys)
    one_sentence(text)
    assert "scorecard.json" in text


@pytest.mark.parametrize("kind", [k for k in BROKEN if k != "empty"])
def test_rules_that_are_none_are_named(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole.json"
    whole.write_text(scorecard_file.dump(card({"a": np.full((3, 2), 0.5)})))
    bad = tmp_path / "bad.gate.toml"
    bad.write_bytes(BROKEN[kind])
    assert run(["gate", str(whole), "--baseline", str(whole), "--rules", str(bad)]) == 2
    text = say(capsys)
    one_sentence(text)
    assert "bad.gate.toml" in text


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (["--preset", "standart"], "standard"), (["--scorer", "nique"], "niqe"), (["--device", "gpux"], "gpux"),
        (["--scorer", ""], "iqm scorers"), (["--prompts", "nowhere.csv"], "nowhere.csv"), (["--reference", "nowhere"], "nowhere"),
        (["--scorer", "no.such.module:Class"], "no.such.module"), (["--scorer", "json:JSONDecoder"], "json:JSONDecoder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_score_names_what_it_does_not_know(
    line: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "in" / "a.png")
    assert run(["score", str(tmp_path / "in"), "--workers", "0", *line]) == 2
    text = say(capsys)
    one_sentence(text)
    assert word in text


def test_json_on_stdout_is_json_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole.json"
    values = np.random.default_rng(1).normal(0.5, 0.1, (12, 2))
    whole.write_text(scorecard_file.dump(card({"a": values, "b": values + 0.1})))
    for line in (["compare", str(whole), "--json"], ["scorecard", str(whole), "--json"]):
        assert run(line) == 0, say(capsys)
        assert json.loads(capsys.readouterr().out)


def test_an_empty_name_is_not_the_folder_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`iqm score "$FOLDER"` with the variable unset scored whatever was at hand."""
    paint(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    assert run(["score", ""]) == 2
    text = say(capsys)
    one_sentence(text)
    assert "without a name" in text
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
