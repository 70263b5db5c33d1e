"""Errors become exit codes and one clear sentence; help ends with an example."""

import pytest
from iqmetrics.cli import main as cli
from iqmetrics.cli.main import COMMANDS, iqm, run

from iqmetrics.errors import BadInput


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_an_unknown_command_or_option_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scor"]) == 2
    assert run(["score", "x", "--colour"]) == 2
    assert "--help" in told(capsys)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BadInput("it is so", "do that"), 2, "Error: it is so\n  do that"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("oops"), 3, "a bug in iqm: RuntimeError: oops"),
    ],
)
def test_what_is_raised_becomes_a_code(
    error: BaseException,
    code: int,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.iqm, "main", fail)
    assert run([]) == code
    assert text in told(capsys)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_that_ends_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.rstrip().splitlines()[-1].strip().startswith("Example:  iqm " + name)
    command = iqm.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help


def test_the_group_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in COMMANDS)


def test_scorers_lists_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorers"]) == 0
    assert "size.width" in capsys.readouterr().out
    assert run(["scorers", "size"]) == 0
    assert "1 when the size is the one asked for" in capsys.readouterr().out
    assert run(["scorers", "sise"]) == 2
    assert "Did you mean 'size'" in told(capsys)


def test_doctor_finds_nothing_broken_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    assert "SQLite" in capsys.readouterr().out
