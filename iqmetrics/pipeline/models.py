"""From what the user writes behind `--model` to a named generator.

`[NAME=]BACKEND:TARGET[#key=value,...]`, stages of a chain parted by ` >> `::

    diffusers:Qwen/Qwen-Image
    schnell=diffusers:black-forest-labs/FLUX.1-schnell#steps=4,dtype=bfloat16
    hybrid=diffusers:base-model >> diffusers:refiner#strength=0.35

or a file `NAME.models.toml` with one `[[model]]` each: `name`, `generator`, `options`, or a list
`stages` of such. A key that is an option of the back-end configures it; any other key becomes a
parameter of every request, and the back-end says so when it does not take it.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any

from iqmetrics import plugins
from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.generators.base import Generator

STAGES = " >> "
OPTIONS = re.compile(r"#(?=[A-Za-z_]\w*=)")
NAMED = re.compile(r"([\w][\w.+@ -]*)=(\w+:.*)", re.DOTALL)
SUFFIX = ".toml"
KINDS: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "None": (type(None),),
}
"""Simple types of options, and what may be given for them."""


@dataclass(frozen=True)
class Model:
    """A generator and the name that its images carry."""

    name: str
    generator: Generator


def models(specs: Sequence[str]) -> list[Model]:
    """All models of a command line, in order.

    Raises:
        BadInput: two models have the same name, or a spec is malformed.
        UnknownName: no such back-end, or a key that it does not know.
    """
    found = [
        model
        for spec in specs
        for model in (_of_file(Path(spec)) if spec.endswith(SUFFIX) else [_of_spec(spec)])
    ]
    names = [model.name for model in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"two models are called {name!r}", "Name them: --model NAME=BACKEND:...")
    return found


def _of_spec(spec: str) -> Model:
    named = NAMED.fullmatch(spec.strip())
    name, text = (named[1].strip(), named[2]) if named else ("", spec.strip())
    stages = [_stage(part) for part in text.split(STAGES)]
    return _model(name, stages)


def _stage(text: str) -> dict[str, Any]:
    target, *options = OPTIONS.split(text.strip(), maxsplit=1)
    return {"generator": target, "options": _options(options[0]) if options else {}}


def _options(text: str) -> dict[str, Any]:
    pairs = [pair.partition("=") for pair in re.split(r",(?=[A-Za-z_]\w*=)", text)]
    return {key.strip(): _value(value.strip()) for key, _, value in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _of_file(path: Path) -> list[Model]:
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path} is not valid TOML: {error}") from error
    _only(f"key in {path.name}", data, {"model"})
    found = []
    tables = data.get("model", [])
    if not _are_tables(tables):
        raise BadInput(f"{path.name}: model is not a list of tables", "Write [[model]]")
    for table in tables:
        _only(
            f"key in a [[model]] of {path.name}", table, {"name", "generator", "options", "stages"}
        )
        stages = table.get("stages") or [{k: v for k, v in table.items() if k != "name"}]
        if not _are_tables(stages):
            raise BadInput(f"{path.name}: stages is not a list of tables", "[{generator = ...}]")
        if beside := sorted({"generator", "options"} & table.keys() if table.get("stages") else ()):
            raise BadInput(
                f"{path.name}: a [[model]] has both stages and {beside[0]}",
                "Write generator and options in the stage that they are of",
            )
        for stage in stages:
            _only(f"key in a stage of {path.name}", stage, {"generator", "options"})
            if not isinstance(stage.get("generator"), str):
                raise BadInput(f"{path.name}: a [[model]] has no generator", "'BACKEND:TARGET'")
            if not isinstance(stage.get("options", {}), dict):
                raise BadInput(f"{path.name}: options is not a table", "options = { steps = 4 }")
        found.append(_model(str(table.get("name", "")), stages))
    if not found:
        raise BadInput(f"{path} names no model", "Add a [[model]] table with a generator")
    return found


def _model(name: str, stages: Sequence[Mapping[str, Any]]) -> Model:
    built = [build(stage["generator"], stage.get("options", {})) for stage in stages]
    title = name or "+".join(_title(stage["generator"]) for stage in stages)
    if len(built) == 1:
        return Model(title, built[0])
    return Model(title, plugins.make("generator", "chain", {"stages": tuple(built)}))


def build(text: str, options: Mapping[str, Any]) -> Generator:
    """One generator from "BACKEND:TARGET" (or "python:module:Class") and its options."""
    backend, colon, target = text.partition(":")
    if not colon:
        raise BadInput(f"model {text!r} names no back-end", "Write BACKEND:TARGET, see --help")
    given = dict(options)
    if backend == "python":
        backend = target
    else:
        given["target"] = target
    known = {f.name: f for f in fields(plugins.resolve("generator", backend)) if f.init}  # type: ignore[arg-type]
    others = {key: given.pop(key) for key in list(given) if key not in known}
    if others and "params" not in known:
        raise UnknownName(f"option of {backend}:", sorted(others)[0], known)
    for name in given:
        given[name] = _typed(backend, name, given[name], known[name].type)
    if others:
        given["params"] = {**given.get("params", {}), **others}
    made: Generator = plugins.make("generator", backend, given)
    return made


def _typed(backend: str, name: str, value: Any, kind: Any) -> Any:
    """The value, if an option of this type takes it; one of no simple type is left alone."""
    words = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    if isinstance(kind, UnionType):
        words = str(kind)
    names = [word.strip() for word in words.split("|")]
    if not set(names) <= KINDS.keys():
        return value
    if "str" in names and type(value) in (int, bool):
        return json.dumps(value)  # a revision of digits only
    if not any(type(value) in KINDS[word] for word in names):
        raise BadInput(
            f"{name} of {backend} is {value!r}, not of kind {words}", f"iqm generators {backend}"
        )
    return value


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(table, dict) for table in value)


def _title(text: str) -> str:
    """A name from a target: its last path component, without what a file system dislikes."""
    backend, _, target = text.partition(":")
    last = re.split(r"[/\\]", target.rstrip("/\\"))[-1] or backend
    return re.sub(r"[^\w.+-]+", "-", last).strip("-.") or backend


def _only(where: str, table: Mapping[str, Any], known: set[str]) -> None:
    for key in table:
        if key not in known:
            raise UnknownName(where, key, known)
