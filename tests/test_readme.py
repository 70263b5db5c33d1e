"""What README says is true: its examples run, its scorer keeps the contract, its files exist."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest
from contract import check_scorer
from iqmetrics.cli.main import COMMANDS, run

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.views import outputs

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_examples_give_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = "\n".join(block for block in blocks("python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(text, {}, "README", "README.md", 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_scorer_in_readme_keeps_the_contract() -> None:
    (source,) = [block for block in blocks("python") if "class Contrast" in block]
    names: dict[str, type] = {}
    exec(source, names)
    rng = np.random.default_rng(1)
    pictures = [
        Picture(ImageRecord(f"{n}", f"{n}"), rng.integers(0, 256, (n, 20, 3), np.uint8))
        for n in (8, 16, 32)
    ]
    check_scorer(names["Contrast"](), pictures)
    assert len(source[source.index("@dataclass") :].strip().splitlines()) <= 25


def test_the_comparison_shown_is_what_its_commands_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdicts, counts and the form of numbers to the letter; their last digits may differ."""
    (block,) = [block for block in blocks("console") if "iqm compare" in block]
    score, compare = [line[6:].split() for line in block.splitlines() if line.startswith("$")]
    outputs_folder, run_folder = str(ROOT / score[1]), str(tmp_path / "iqm")
    assert run(["score", outputs_folder, *score[2:], "--out", run_folder, "--quiet"]) == 0
    capsys.readouterr()
    assert run(["compare", run_folder, *compare[2:]]) == 0
    told = [re.split(r"  +", line) for line in capsys.readouterr().out.splitlines()]
    shown = [re.split(r"  +", line) for line in block[block.index("\n\nmodel-b is") :].splitlines()]
    named = {row[1]: (row[0], row[-1], units(row)) for row in told if len(row) > 3}
    assert len(named) > 5
    assert named == {row[1]: (row[0], row[-1], units(row)) for row in shown if len(row) > 3}


def units(row: list[str]) -> str:
    """What stands behind the numbers of a row: nothing, %, points."""
    return re.sub(r"[-\d.,\[\]]+", "", " ".join(row[2:5]))


def test_every_command_in_readme_exists() -> None:
    used = set(re.findall(r"^\s*iqm ([a-z]+)", README, re.MULTILINE)) | set(
        re.findall(r"`iqm ([a-z]+)", README)
    )
    assert used <= set(COMMANDS)
    assert set(COMMANDS) <= used, "every command is told of"


def test_every_file_that_is_written_is_told_of() -> None:
    for name in outputs.FILES:
        assert name in README
