"""iqm generators: what can stand before the colon of --model, and the options of each."""

import json
from dataclasses import fields

import pytest
from iqmetrics.cli.main import run

from iqmetrics import plugins

Capture = pytest.CaptureFixture[str]
NAMES = sorted(plugins.names("generator"))


def test_every_generator_is_listed_with_its_options(capsys: Capture) -> None:
    assert run(["generators", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert sorted(rows) == NAMES
    for name, row in rows.items():
        kind = plugins.resolve("generator", name)
        wanted = {f.name for f in fields(kind) if f.init}  # type: ignore[arg-type]
        assert set(row["options"].split(", ")) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_one_says_what_it_is_and_what_must_be_given(name: str, capsys: Capture) -> None:
    assert run(["generators", name]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{name}:\n") and "Example:" in out
    needed = "stages" if name == "chain" else "target"
    assert f"  {needed} (required)" in out or f"  {needed} = " in out
    assert not any(line.endswith((" ", "=")) for line in out.splitlines())


def test_json_of_one_gives_the_defaults_as_they_are(capsys: Capture) -> None:
    assert run(["generators", "comfyui", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["options"] == {
        "target": "", "workflow": "''", "map": "{}", "timeout_s": "900.0", "params": "{}"
    }  # fmt: skip


def test_an_unknown_one_guesses_the_nearest(capsys: Capture) -> None:
    assert run(["generators", "comfy"]) == 2
    assert "Did you mean 'comfyui'?" in capsys.readouterr().err
