"""What may stand behind --model."""

from pathlib import Path

import pytest

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.generators.command import Command
from iqmetrics.generators.folder import Folder
from iqmetrics.pipeline.models import models


def one(spec: str) -> tuple[str, object]:
    [model] = models([spec])
    return model.name, model.generator


@pytest.mark.parametrize(
    ("spec", "name", "generator"),
    [
        ("folder:exports/mid journey", "mid-journey", Folder("exports/mid journey")),
        ("mj=folder:exports/x", "mj", Folder("exports/x")),
        ("v1.5-fp16=folder:/x/y/", "v1.5-fp16", Folder("/x/y/")),
        ("a=command:python x.py --k=v", "a", Command("python x.py --k=v")),
        ("a=command:x#batch=3", "a", Command("x", batch=3)),
        (
            "a=command:x #1#batch=3,steps=4,style=a,b",
            "a",
            Command("x #1", batch=3, params={"steps": 4, "style": "a,b"}),
        ),
    ],
)
def test_a_spec_is_a_name_a_target_and_options(spec: str, name: str, generator: object) -> None:
    assert one(spec) == (name, generator)


def test_a_file_lists_models(tmp_path: Path) -> None:
    path = tmp_path / "mine.models.toml"
    path.write_text(
        '[[model]]\nname = "a"\ngenerator = "command:x"\noptions = { steps = 4 }\n'
        '[[model]]\ngenerator = "folder:y/z"\n'
    )
    a, z = models([str(path)])
    assert (a.name, a.generator) == ("a", Command("x", params={"steps": 4}))
    assert (z.name, z.generator) == ("z", Folder("y/z"))


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="two models are called 'x'"):
        models(["folder:a/x", "folder:b/x"])


@pytest.mark.parametrize(
    ("spec", "error", "told"),
    [
        ("just-a-name", BadInput, "names no back-end"),
        ("foldr:x", UnknownName, "no generator named 'foldr'"),
        ("folder:x#stpes=3", UnknownName, "no option of folder: named 'stpes'"),
        ("python:no.such:Thing", BadInput, "cannot be imported"),
        ("command:x#batch=many", BadInput, "batch of command is 'many', not of kind int"),
        ("command:x#batch=1.5", BadInput, "batch of command is 1.5, not of kind int"),
        ("command:x#batch=true", BadInput, "batch of command is True, not of kind int"),
        ("command:x#timeout_s=soon", BadInput, "timeout_s of command is 'soon'"),
        ("openai:m#price=cheap", BadInput, "price of openai is 'cheap', not of kind float | None"),
        ("openai:m#seed=1", BadInput, "seed of openai is 1, not of kind bool"),
        ("comfyui:u#workflow=[1]", BadInput, "workflow of comfyui is .1., not of kind str"),
    ],
)
def test_a_wrong_spec_is_one_sentence(spec: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        models([spec])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[modle]]\n", "key in x.toml named 'modle'"),
        ('[[model]]\nname = "a"\n', "has no generator"),
        ('[[model]]\nnmae = "a"\nstages = [{generator = "folder:x"}]\n', "named 'nmae'"),
        ('[[model]]\nstages = [{generator = "folder:x", seed = 3}]\n', "stage of .* named 'seed'"),
        ("[[model]]\nstages = [{generator = 3}]\n", "has no generator"),
        ("", "names no model"),
        ("= 3", "not valid TOML"),
        ('[model]\ngenerator = "folder:x"\n', "model is not a list of tables"),
        ("model = 3", "model is not a list of tables"),
        ('model = ["folder:x"]', "model is not a list of tables"),
        ('[[model]]\nstages = "folder:x"', "stages is not a list of tables"),
        ('[[model]]\nstages = ["folder:x"]', "stages is not a list of tables"),
        ('[[model]]\ngenerator = "command:x"\noptions = 3', "options is not a table"),
        ('[[model]]\ngenerator = "command:x"\nstages = [{generator = "command:y"}]', "both stages"),
        ("[[model]]\noptions = {a = 1}\nstages = [{generator = 'command:y'}]", "both .* options"),
        ('[[model]]\ngenerator = "command:x"\noptions = {batch = "2"}', "batch of command is '2'"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises((BadInput, UnknownName), match=told):
        models([str(tmp_path / "x.toml")])


def test_a_class_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    name, generator = one("mine=python:iqmetrics.generators.command:Command#target=x")
    assert (name, generator) == ("mine", Command("x"))


def test_a_file_may_list_the_stages_of_a_chain(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        '[[model]]\nstages = [{generator = "command:a"}, {generator = "command:b", options = {batch = 2}}]'
    )
    [found] = models([str(path)])
    assert found.name == "a+b"
    assert found.generator.stages == (Command("a"), Command("b", batch=2))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spec", "name", "value"),
    [
        ("command:x#timeout_s=5", "timeout_s", 5),
        ("command:x#timeout_s=0.5", "timeout_s", 0.5),
        ("openai:m#price=null", "price", None),
        ("openai:m#price=1,seed=true", "seed", True),
        ("openai:m#key_env=", "key_env", ""),
        ("diffusers:m#revision=1234567", "revision", "1234567"),
        ('comfyui:u#map={"prompt": "6.text"}', "map", {"prompt": "6.text"}),
    ],
)
def test_an_option_gets_its_type(spec: str, name: str, value: object) -> None:
    found = getattr(one(spec)[1], name)
    assert (found, type(found)) == (value, type(value))


def test_a_file_of_any_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes('[[model]]\r\nname = "ä"\r\ngenerator = "folder:y"\r\n'.encode("utf-8-sig"))
    assert [m.name for m in models([str(path)])] == ["ä"]
    path.write_bytes(b'[[model]]\nname = "\xe4"\n')
    with pytest.raises(BadInput, match=r"x\.toml is not valid TOML"):
        models([str(path)])
    with pytest.raises(BadInput, match="cannot be read"):
        models([str(tmp_path / "none.toml")])


@pytest.mark.parametrize(
    ("specs", "hint"),
    [
        (["folder:a/x", "folder:b/x"], "Name them: --model NAME=BACKEND:..."),
        (["just-a-name"], "Write BACKEND:TARGET, see --help"),
        (["command:x#batch=many"], "iqm generators command"),
    ],
)
def test_a_mistake_comes_with_its_way_out(specs: list[str], hint: str) -> None:
    with pytest.raises(BadInput) as error:
        models(specs)
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "Add a [[model]] table with a generator"),
        ("[model]", "Write [[model]]"),
        ("[[model]]", "'BACKEND:TARGET'"),
        ('[[model]]\nstages = ["x"]', "[{generator = ...}]"),
    ],
)
def test_a_wrong_file_comes_with_its_way_out(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(BadInput) as error:
        models([str(tmp_path / "x.toml")])
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("a/MAX/", "MAX"),
        ("-.x.-", "x"),
        ("///", "folder"),
        ("..", "folder"),
        ("a\\b", "b"),
        ("x y/", "x-y"),
        ("夏/日", "日"),
    ],
)
def test_a_name_is_made_of_the_target(target: str, name: str) -> None:
    assert one(f"folder:{target}")[0] == name


def test_only_the_first_mark_begins_options() -> None:
    assert one("a=command:x#steps=4,note=b#c=d")[1] == Command(
        "x", params={"steps": 4, "note": "b#c=d"}
    )
