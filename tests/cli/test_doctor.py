"""iqm doctor: a table or JSON, exit 2 only when something is broken."""

import json
from collections.abc import Callable, Iterator

import pytest
from iqmetrics.cli.main import run

from iqmetrics.pipeline import checkup
from iqmetrics.pipeline.checkup import Check

OK = Check("SQLite", "ok", "3.40, journal mode wal")
ABSENT = Check("extra serve", "absent", "without uvicorn", "pip install 'iqmetrics[serve]'")
BROKEN = Check("disk", "broken", "0.1 GB free here", "Free some space")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    found: list[Check] = []
    asked: list[bool] = []

    def checks(deep: bool = False) -> Iterator[Check]:
        asked.append(deep)
        yield from found
        if deep:
            yield Check("torch", "ok", "2.x, CPU only")

    monkeypatch.setattr(checkup, "checks", checks)
    return found


@pytest.mark.parametrize(
    ("found", "code"), [([OK], 0), ([OK, ABSENT], 0), ([OK, ABSENT, BROKEN], 2), ([], 0)]
)
def test_only_what_is_broken_fails(machine: list[Check], found: list[Check], code: int) -> None:
    machine += found
    assert run(["doctor"]) == code


def test_the_table_has_a_line_each_with_its_way_out(
    machine: list[Check], capsys: pytest.CaptureFixture[str]
) -> None:
    machine += [OK, ABSENT]
    run(["doctor"])
    header, rule, first, second, third = capsys.readouterr().out.splitlines()
    assert header.split() == ["state", "what", "found"]
    assert set(rule) <= {"-", " "}
    assert first.split()[:2] == ["ok", "SQLite"]
    assert second.endswith("without uvicorn")
    assert third.strip() == "-> pip install 'iqmetrics[serve]'"


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_table_fits_the_window_and_loses_nothing(
    columns: int,
    machine: list[Check],
    terminal: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal(columns)
    packages = [f"package-{n} 1.{n}" for n in range(30)]
    command = f"pip uninstall -y {' '.join(f'some-package-{n}' for n in range(9))} && pip list"
    shared = [Check(f"weights net_{n}", "ok", "Apache-2.0, sha256 verified") for n in range(20)]
    lost = Check("weights musiq", "absent", "not here", "iqm weights pull musiq")
    machine += [Check("extra score", "ok", ", ".join(packages), command), *shared, lost]
    run(["doctor"])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    assert " ".join(out.split()).count("Apache-2.0, sha256 verified") == 1
    told = " ".join(out.replace(" \\\n", " ").split())
    for text in (*packages, command, *(f"net_{n}" for n in range(20)), "absent weights musiq"):
        assert text in told


def test_a_pipe_gets_a_line_a_finding_and_a_command_in_one_piece(
    machine: list[Check], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told, command = "package 1.0, " * 30 + "end", "pip install " + "package " * 30 + "end"
    machine.append(Check("extra score", "ok", told, command))
    run(["doctor"])
    _, _, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(f"  {told}")
    assert second.strip() == f"-> {command}"


def test_json_has_the_same(machine: list[Check], capsys: pytest.CaptureFixture[str]) -> None:
    machine += [OK, BROKEN]
    assert run(["doctor", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [Check(**row) for row in found] == [OK, BROKEN]


def test_deep_is_handed_on(machine: list[Check], capsys: pytest.CaptureFixture[str]) -> None:
    machine.append(OK)
    run(["doctor"])
    assert "torch" not in capsys.readouterr().out
    run(["doctor", "--deep"])
    assert "2.x, CPU only" in capsys.readouterr().out
