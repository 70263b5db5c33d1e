"""Tables of all commands: they fit a terminal of 80 columns, and a pipe gets a line a row."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from factory import card
from iqmetrics.cli.main import run

from iqmetrics import plugins, weights
from iqmetrics.folding import width
from iqmetrics.pipeline import scorecard_file
from iqmetrics.suites import files

LISTS = ["scorers", "generators", "suites", "weights list", "weights verify", "doctor"]
SUITES = [f"suites {name}" for name in files.shipped()]
NAMES = {
    "scorers": sorted(m.name for n in plugins.names("scorer") for m in plugins.make("scorer", n).metrics),
    "weights list": [text for line in weights.ledger().values() for text in (line.name, *line.used_by)],
    "weights verify": [f"iqm weights pull {n}" for n in weights.ledger() if not weights.has(n)],
    "generators": list(plugins.names("generator")),
    "suites": list(files.shipped()),
}  # fmt: skip


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """A scorecard of two models whose names are long."""
    rng = np.random.default_rng(1)
    models = {f"a-model-of-{n}-steps-v1.0": rng.random((12, 2)) for n in (1000, 2000)}
    path = tmp_path / "scorecard.json"
    path.write_text(scorecard_file.dump(card(models)), "utf-8")
    return path


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    run(command.split())
    return capsys.readouterr().out


def words(text: str) -> list[str]:
    """The words without what a table adds to them."""
    return sorted(re.findall(r"[a-z0-9.]+", text.lower()))


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("command", [*LISTS, *SUITES])
def test_lists_fit_the_window_and_lose_no_word(
    command: str,
    columns: int,
    terminal: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = printed(command, capsys)
    terminal(columns)
    told = printed(command, capsys)
    fits = columns - 2
    assert all(
        width(line) <= columns or max(map(width, line.split())) > fits for line in told.splitlines()
    )
    assert set(words(whole)) <= set(words(told))
    assert all(name in told for name in NAMES.get(command, ()))


@pytest.mark.parametrize("command", ["scorers", "generators", "suites", "weights list"])
def test_a_pipe_gets_a_line_a_row_whatever_the_window(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    header, _, *rows = printed(command, capsys).splitlines()
    known = {"weights list": weights.ledger(), "suites": files.shipped()}
    names = known.get(command) or plugins.names(command.rstrip("s"))
    assert [row.split()[0] for row in rows] == sorted(names)
    last = header.index(header.split()[-1])
    assert all(row[last - 2 : last] == "  " for row in rows if len(row) > last)


@pytest.mark.parametrize(
    "command",
    ["scorecard", "scorecard --spread", "compare", "compare --by prompt", "compare --by tag"],
)
@pytest.mark.parametrize("columns", [80, 100])
def test_results_fit_the_window_and_their_numbers_stay_whole(
    command: str,
    columns: int,
    scored: Path,
    terminal: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = printed(f"{command} {scored}", capsys)
    terminal(columns)
    told = printed(f"{command} {scored}", capsys)
    assert max(map(width, told.splitlines())) <= columns
    numbers = re.findall(r"\[.*?\]|\d+ pairs, \d+ prompts", whole)
    assert all(number in told for number in numbers)


def test_sentences_of_a_claim_fit_the_window_and_a_pipe_gets_a_line_each(
    terminal: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    claim = ["compare", "--claim", "93% of 30 vs 71% of 30"]
    run(claim)
    whole = capsys.readouterr().out
    assert len(whole.splitlines()) == 4
    terminal(60)
    run(claim)
    told = capsys.readouterr().out
    assert max(map(width, told.splitlines())) <= 60 and told.split() == whole.split()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_is_asked_for_its_width() -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    program = [sys.executable, "-m", "iqmetrics.cli.main", "suites"]
    told = b""
    with subprocess.Popen(program, stdout=theirs, env=env) as process:
        os.close(theirs)
        try:
            while part := os.read(ours, 65536):
                told += part
        except OSError:  # so Linux ends a terminal to which nobody writes any more
            pass
    os.close(ours)
    assert process.returncode == 0
    lines = told.decode().splitlines()
    assert 70 < max(map(width, lines)) <= 80
    assert len(lines) > len(files.shipped()) + 2
