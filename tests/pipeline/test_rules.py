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
        ('[[rule]]\nmetric = "a"\nfloor = 0.8\nceiling = 0.5', "floor 0.8 lies above ceiling 0.5"),
        ("max_missing = true\n" + GOOD, "max_missing = True"),
        ("max_missing = 1.0\n" + GOOD, "max_missing = 1.0"),
        ('max_missing = "3"\n' + GOOD, "max_missing = '3'"),
        ("alpha = 0.5\n" + GOOD, "alpha = 0.5"),
        ("max_missing = -1\n" + GOOD, "max_missing"),
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


RULE = '[[rule]]\nmetric = "a"\nmargin = 0.02\n'


@pytest.mark.parametrize(
    "line",
    [
        "margin = nan",
        "margin = inf",
        "margin = true",
        "floor = nan",
        "floor = -inf",
        'ceiling = "1"',
        "min_coverage = nan",
        "min_coverage = 1.5",
        "min_coverage = -0.1",
        "max_new_failures = -1",
        "max_new_failures = 0.5",
        'max_new_failures = "none"',
        "max_new_failures = true",
        'required = "no"',
        "required = 0",
        "metric = 3",
    ],
)
def test_a_value_that_could_let_a_bad_model_pass_is_refused(tmp_path: Path, line: str) -> None:
    """Comparisons with nan never fail; the text "no" is true."""
    key = line.split(" = ")[0]
    lines = [old for old in RULE.splitlines() if not old.startswith(f"{key} ")]
    with pytest.raises(BadInput, match=key):
        rules.load(write(tmp_path, "\n".join([*lines, line])))


@pytest.mark.parametrize(
    "head",
    ['alpha = "5%"', "alpha = nan", "alpha = 0", "alpha = true", 'model_files = "m/*"',
     "model_files = [1]", "about = 3"],
)  # fmt: skip
def test_a_head_of_the_wrong_kind_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(BadInput, match=head.split(" = ")[0]):
        rules.load(write(tmp_path, f"{head}\n{RULE}"))


@pytest.mark.parametrize("text", ["rule = 3", 'rule = "a"', "rule = [1]", 'rule = ["a"]', "[rule]"])
def test_rules_that_are_no_tables_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="rule"):
        rules.load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("line", "value"), [("floor = 1", 1), ("ceiling = -3.5", -3.5), ("margin = 0", 0)]
)
def test_any_one_limit_is_enough(tmp_path: Path, line: str, value: float) -> None:
    (rule,) = rules.load(write(tmp_path, f'[[rule]]\nmetric = "a"\n{line}')).rules
    assert getattr(rule, line.split()[0]) == value
    assert (rule.min_coverage, rule.max_new_failures, rule.required) == (0.9, 0, True)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.gate.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match=r"x\.gate\.toml"):
        rules.load(str(path))


def test_rules_of_one_metric_may_stand_several_times(tmp_path: Path) -> None:
    found = rules.load(write(tmp_path, RULE + '[[rule]]\nmetric = "a"\nfloor = 0.5\n'))
    assert [r.floor for r in found.rules] == [None, 0.5]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "let everything pass"),
        ('[[rule]]\nmetric = "a"', "would always pass"),
        ("alpha = 1\n" + RULE, "0.05"),
        ("max_missing = -1\n" + RULE, "0 or more"),
        ('[[rule]]\nmetric = "a"\nfloor = 2\nceiling = 1', "No model could pass"),
    ],
)
def test_a_mistake_comes_with_its_way_out(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(BadInput) as error:
        rules.load(write(tmp_path, text))
    assert hint in error.value.hint and hint not in error.value.message


def test_an_unknown_key_of_the_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="alhpa") as error:
        rules.load(write(tmp_path, "alhpa = 0.01\n" + RULE))
    assert "'alpha'" in error.value.hint


@pytest.mark.parametrize(
    "line", ["min_coverage = 0", "min_coverage = 1", "floor = 1\nceiling = 1", "margin = 0"]
)
def test_bounds_themselves_are_allowed(tmp_path: Path, line: str) -> None:
    lines = [RULE] if "margin" not in line else ['[[rule]]\nmetric = "a"\n']
    assert rules.load(write(tmp_path, "".join([*lines, line]))).alpha == 0.05


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rules_of_any_editor_are_read(tmp_path: Path, encoding: str, end: str) -> None:
    """One on Windows begins the file with a byte order mark."""
    path = tmp_path / "größe.gate.toml"
    path.write_bytes((f'about = "größer"{end}' + RULE.replace("\n", end)).encode(encoding))
    found = rules.load(str(path))
    assert (found.name, found.about) == ("größe", "größer")
