"""Errors become exit codes and one clear sentence; help ends with an example."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from iqmetrics.cli import main as cli
from iqmetrics.cli.main import COMMANDS, iqm, run

from iqmetrics.errors import BadInput, NothingScored, Unavailable, UnknownName


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_an_unknown_command_or_option_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scor"]) == 2
    assert run(["score", "x", "--colour"]) == 2
    assert "--help" in told(capsys)


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


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    """Run a command that raises; its exit code."""

    def answer(error: BaseException) -> int:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(cli.iqm, "main", fail)
        return run([])

    return answer


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BadInput("it is so", "do that"), 2, "it is so\n  do that"),
        (UnknownName("scorer", "x", ["y"]), 2, "no scorer named 'x'"),
        (Unavailable("no w", "get w"), 2, "no w\n  get w"),
        (NothingScored("none of 3"), 3, "none of 3"),
        (RuntimeError("oops"), 3, "a bug in iqm: RuntimeError: oops"),
        (ValueError("\\udcff"), 3, "a bug in iqm: ValueError"),
        (click.Abort(), 130, "interrupted"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_kind_of_error_has_its_code_and_no_traceback(
    error: BaseException, code: int, text: str,
    failing: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert failing(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Error: {text}")
    assert "Traceback" not in err


def test_a_bug_leaves_its_traceback_in_a_file(
    failing: Callable[[BaseException], int], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert failing(RuntimeError("oops")) == 3
    (log,) = tmp_path.glob("iqm-error-*.log")
    assert "in fail" in log.read_text("utf-8")
    assert str(log) in told(capsys)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"iqm {version('iqmetrics')}\n"


@pytest.mark.parametrize("args", [[], ["-h"], ["--help"], ["score", "-h"]])
def test_help_never_fails_as_a_bug(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args) in (0, 2)
    out, err = capsys.readouterr()
    assert "Usage: iqm" in out + err
    assert "bug" not in out + err


def test_help_imports_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys; from iqmetrics.cli.main import run; run(['--help']);"
        "heavy = {'torch', 'numpy', 'PIL', 'rich', 'iqmetrics.pipeline', 'iqmetrics.cli.score'};"
        "sys.stderr.write(repr(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_options_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IQM_SCORERS_AS_JSON", "1")
    assert run(["scorers", "size"]) == 0
    assert capsys.readouterr().out.startswith("{")


@pytest.mark.parametrize("args", [[], ["weights"]])
def test_a_group_without_a_command_shows_its_help_and_no_error(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) in (0, 2)
    out, err = capsys.readouterr()
    assert (out + err).startswith("Usage: iqm")
    assert "Error" not in out + err


@pytest.mark.parametrize("number", sorted(cli.OUTSIDE))
def test_a_disk_or_path_that_cannot_be_used_is_told_in_one_sentence(
    number: int, failing: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(OSError(number, os.strerror(number), "out/夏.csv")) == 2
    first, second = told(capsys).splitlines()
    assert first == f"Error: out/夏.csv: {os.strerror(number)}"
    full = number in (errno.ENOSPC, errno.EDQUOT)
    assert second.startswith("  Free some room") == full, "room helps nowhere else"


@pytest.mark.parametrize(
    ("held", "told_as"), [("a/r.html.4711.new", "a/r.html"), ("b.csv.new", "b.csv"), ("new", "new")]
)
def test_a_file_that_was_being_written_is_called_by_its_own_name(
    held: str,
    told_as: str,
    failing: Callable[[BaseException], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert failing(OSError(errno.ENOSPC, "No space left on device", held)) == 2
    assert told(capsys).splitlines()[0] == f"Error: {told_as}: No space left on device"


def test_another_error_of_the_system_is_still_a_bug(
    failing: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(OSError(errno.EPIPE, "Broken pipe")) == 3
    assert "a bug in iqm" in told(capsys)


@pytest.mark.parametrize(("given", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_the_user_says_otherwise(
    given: str | None, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that spin took four times the processor where others had work to do."""
    monkeypatch.setattr(os, "environ", {} if given is None else {"OMP_WAIT_POLICY": given})
    monkeypatch.setattr(cli, "run", lambda args: 0)
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert os.environ["OMP_WAIT_POLICY"] == kept
    assert os.environ["OPENBLAS_THREAD_TIMEOUT"] == cli.WAITING["OPENBLAS_THREAD_TIMEOUT"]
