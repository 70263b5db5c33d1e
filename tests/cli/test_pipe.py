"""A reader that leaves (`iqm ... | head`) changes no exit code: 1 and 0 are verdicts of a gate."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from factory import card

from iqmetrics.pipeline import scorecard_file

BASE = np.random.default_rng(1).normal(0.6, 0.1, size=(60, 4))


def unread(*args: str) -> tuple[int, str]:
    """Exit code and stderr of `iqm` whose stdout was closed by its reader."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "iqmetrics.cli.main", *args],
        stdout=write_end, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write_end)
    return done.returncode, done.stderr


@pytest.fixture
def gate(tmp_path: Path) -> list[str]:
    (tmp_path / "g.gate.toml").write_text('[[rule]]\nmetric = "toy.good"\nmargin = 0.02\n')
    for name, change in {"base": 0.0, "same": 0.0, "worse": -0.1}.items():
        text = scorecard_file.dump(card({name: BASE + change}))
        (tmp_path / f"{name}.json").write_text(text)
    rules = ["--rules", str(tmp_path / "g.gate.toml")]
    return ["--baseline", str(tmp_path / "base.json"), *rules]


@pytest.mark.parametrize(("name", "code"), [("same", 0), ("worse", 1)])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_verdict_nobody_reads_keeps_its_code(
    tmp_path: Path, gate: list[str], name: str, code: int, form: str
) -> None:
    assert unread("gate", str(tmp_path / f"{name}.json"), *gate, "--format", form) == (code, "")


@pytest.mark.parametrize("args", [["scorers", "size"], ["--version"], ["--help"]])
def test_what_is_only_printed_is_done(args: list[str]) -> None:
    assert unread(*args) == (0, "")


def test_a_mistake_is_still_told() -> None:
    code, told = unread("scorers", "sise")
    assert code == 2
    assert "Did you mean 'size'?" in told
