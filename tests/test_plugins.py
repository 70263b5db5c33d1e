"""From a name to a class, and from a typo to the right name."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from iqmetrics import plugins
from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.scorers.size import Size


def test_a_name_and_a_path_give_the_same_class() -> None:
    assert plugins.resolve("scorer", "size") is Size
    assert plugins.resolve("scorer", "iqmetrics.scorers.size:Size") is Size


@pytest.mark.parametrize("kind", ["scorer", "generator"])
def test_every_built_in_name_exists(kind: plugins.Kind) -> None:
    for target in plugins.BUILT_IN[kind].values():
        module, _, attribute = target.partition(":")
        assert hasattr(importlib.import_module(module), attribute)


def test_the_names_that_users_write_stay() -> None:
    """Presets, gates and stored scorecards hold them."""
    assert set(plugins.BUILT_IN["scorer"]) == {
        "brisque", "clip", "diversity", "face", "fid", "grain", "hands", "look", "musiq", "niqe",
        "piqe", "run", "size", "text",
    }  # fmt: skip
    assert set(plugins.BUILT_IN["generator"]) == {
        "chain", "command", "comfyui", "diffusers", "folder", "hf", "openai",
    }  # fmt: skip


def test_an_instance_has_its_options() -> None:
    made = plugins.make("generator", "command", {"target": "x", "batch": 3})
    assert (type(made).__name__, made.target, made.batch) == ("Command", "x", 3)
    assert plugins.make("scorer", "size") == Size()


@pytest.mark.parametrize("lacks", plugins.NEEDED["scorer"])
def test_a_scorer_needs_each_of_these(monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    facts = {fact: 1 for fact in plugins.NEEDED["scorer"] if fact != lacks}
    monkeypatch.setattr(plugins, "resolve", lambda kind, name: lambda: SimpleNamespace(**facts))
    with pytest.raises(BadInput) as error:
        plugins.make("scorer", "x:Whole")
    assert error.value.message == f"scorer 'x:Whole' is none: it lacks {lacks}"


def test_a_generator_needs_a_fingerprint_and_to_be_called() -> None:
    with pytest.raises(BadInput, match="generator 'builtins:list' is none: it lacks fingerprint"):
        plugins.make("generator", "builtins:list")
    with pytest.raises(BadInput, match="it lacks fingerprint, __call__"):
        plugins.make("generator", "builtins:list")


def test_a_name_of_nobody_is_asked_of_those_who_know_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So are the hundred metrics of pyiqa found; only scorers have such a one."""
    monkeypatch.setitem(plugins.OTHERS, "scorer", "test_plugins_other:find")
    asked = SimpleNamespace(find=lambda name: Size if name == "theirs" else None)
    monkeypatch.setitem(sys.modules, "test_plugins_other", asked)
    assert plugins.resolve("scorer", "theirs") is Size
    for kind, listing in (("scorer", "iqm scorers"), ("generator", "iqm generators")):
        with pytest.raises(UnknownName, match=f"no {kind} named 'nobodys'") as error:
            plugins.resolve(kind, "nobodys")
        assert listing in error.value.hint


def test_a_package_in_the_folder_where_we_are_is_found_by_its_dotted_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package_of_mine").mkdir()
    (tmp_path / "package_of_mine" / "inner.py").write_text("class Mine:\n    pass\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    assert plugins.resolve("scorer", "package_of_mine.inner:Mine").__name__ == "Mine"


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownName) as error:
        plugins.resolve("scorer", "sizes")
    assert error.value.hint.startswith("Did you mean 'size'?")


@pytest.mark.parametrize(
    "name",
    [
        "no_such_module:Thing",
        "iqmetrics.scorers.size:Nothing",
        ":Thing",
        ".size:Size",
        "json:",
        ":",
    ],
)
def test_what_cannot_be_imported_is_told(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be imported"):
        plugins.resolve("scorer", name)


def test_an_entry_point_is_found_and_a_built_in_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str, value: str) -> None:
            self.name, self.value = name, value

    theirs = [Entry("mine", "iqmetrics.scorers.size:Size"), Entry("size", "evil:Size")]
    groups = {"iqmetrics.scorers": theirs, "iqmetrics.generators": []}
    monkeypatch.setattr(plugins, "entry_points", lambda group: groups[group])
    assert plugins.resolve("scorer", "mine") is Size
    with pytest.raises(UnknownName):
        plugins.resolve("generator", "mine")
    assert plugins.resolve("scorer", "size") is Size


def test_a_file_of_a_user_with_a_slip_of_the_pen_is_no_bug_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slip_of_the_pen.py").write_text("class Mine\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BadInput, match=r"cannot be imported.*slip_of_the_pen\.py, line 1"):
        plugins.resolve("scorer", "slip_of_the_pen:Mine")


@pytest.mark.parametrize("options", [{"colour": 1}, {"": 1}, {"self": 1}])
def test_an_option_that_a_class_does_not_take_is_told(options: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="scorer 'size'") as error:
        plugins.make("scorer", "size", options)
    assert error.value.hint == "Its options: iqm scorers size"


def test_a_built_in_name_asks_no_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(group: str) -> None:
        raise AssertionError(group)

    monkeypatch.setattr(plugins, "entry_points", asked)
    assert plugins.resolve("scorer", "size") is Size
    with pytest.raises(AssertionError, match=r"iqmetrics\.scorers"):
        plugins.resolve("scorer", "mine")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("json:JSONDecoder", "metrics"), ("collections:OrderedDict", "lacks name, version"),
        ("builtins:list", "score"), ("datetime:date.today", "cannot be imported"),
    ],
)  # fmt: skip
def test_what_is_no_scorer_is_told_before_it_is_used(name: str, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        plugins.make("scorer", name)


def test_a_scorer_that_is_no_dataclass_is_told_how_to_become_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Bare:
        name, version, scope, licence, metrics = "bare", "1", "image", "MIT", ()

        def score(self, pictures: object) -> list[object]:
            return []

    monkeypatch.setattr(plugins, "resolve", lambda kind, name: Bare)
    with pytest.raises(BadInput, match="no dataclass") as error:
        plugins.make("scorer", "x:Bare")
    assert "@dataclass(frozen=True)" in error.value.hint


def test_a_module_that_lacks_another_is_not_looked_for_in_the_folder_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the folder's files could stand in for the packages of somebody else's module."""
    (tmp_path / "needy.py").write_text("import absent_thing\n")
    (tmp_path / "here" / "absent_thing").mkdir(parents=True)
    (tmp_path / "here" / "needy").mkdir()
    (tmp_path / "here" / "nearby.py").write_text("class Mine:\n    pass\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(BadInput, match="absent_thing"):
        plugins.resolve("scorer", "needy:Mine")
    assert str(tmp_path / "here") not in sys.path
    with pytest.raises(BadInput, match="no_such_module"):
        plugins.resolve("scorer", "no_such_module:Mine")
    assert str(tmp_path / "here") not in sys.path
    assert plugins.resolve("scorer", "nearby:Mine").__name__ == "Mine"
    assert sys.path[-1] == str(tmp_path / "here"), "last: it hides nothing that is installed"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nmae", "NameError: name 'nmae' is not defined"),
        ("open('/no/such/weights')", "FileNotFoundError"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise RuntimeError('no GPU')", "RuntimeError: no GPU"),
        ("def f(:", "SyntaxError"),
    ],
)
def test_whatever_a_module_does_while_it_is_imported_is_not_our_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    name = f"of_a_user_{abs(hash(line))}"
    (tmp_path / f"{name}.py").write_text(f"{line}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput) as error:
        plugins.resolve("scorer", f"{name}:Mine")
    assert f"scorer '{name}:Mine' cannot be imported: {told}" in error.value.message
    assert error.value.hint == f"Try it: python -c 'import {name}'"


def test_what_cannot_be_used_says_how_to_go_on() -> None:
    with pytest.raises(BadInput) as error:
        plugins.resolve("scorer", "no_such_module:Thing")
    assert error.value.hint == "Is its package installed here?"
    with pytest.raises(BadInput) as error:
        plugins.make("scorer", "size", {"sise": 3})
    assert error.value.hint == "Its options: iqm scorers size"
    with pytest.raises(BadInput) as error:
        plugins.make("scorer", "fractions:Fraction")
    assert "README" in error.value.hint
