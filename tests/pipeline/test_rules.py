"""Gate rules: a typo or an empty rule is an error, never a rule that lets everything pass."""

from pathlib import Path

import pytest

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.pipeline import rules

GOOD = '[[rule]]\nmetric = "a"\nmargin = 0.02\nmin_coverage = 0.5\n'


def write(folder: Path, text: str) -> str:
    path = folder / "mine.gate.toml"
    path.write_text(text)
    return str(path)


def test_rules_are_read(tmp_path: Path) -> None:
    found = rules.load(write(tmp_path, 'about = "x"\nalpha = 0.1\nmodel_files = ["m/*"]\n' + GOOD))
    assert (found.name, found.alpha, found.model_files) == ("mine", 0.1, ("m/*",))
    assert found.rules == (rules.Rule("a", margin=0.02, min_coverage=0.5),)


@pytest.mark.parametrize("name", rules.shipped())
def test_every_shipped_gate_loads(name: str) -> None:
    assert rules.load(name).about


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no"),
        ('[[rule]]\nmetric = "a"', "has no margin, floor or ceiling"),
        ("[[rule]]\nmargin = 1", "names no metric"),
        ('[[rule]]\nmetric = "a"\nmargin = "big"', "must be a number"),
        ('[[rule]]\nmetric = "a"\nmargin = -1', "must not be negative"),
        ("alpha = 0.7\n" + GOOD, "alpha"),
        ("[[rule]", "not valid TOML"),
    ],
)
def test_what_holds_nothing_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        rules.load(write(tmp_path, text))


def test_a_typo_names_the_right_key(tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as error:
        rules.load(write(tmp_path, GOOD + "min_coverge = 1"))
    assert "'min_coverage'" in error.value.hint


def test_an_absent_file_is_told() -> None:
    with pytest.raises(BadInput, match="does not exist"):
        rules.load("nowhere.gate.toml")
    with pytest.raises(UnknownName):
        rules.load("nowhere")
