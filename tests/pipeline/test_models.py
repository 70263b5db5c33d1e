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
