"""From a name, or "module:Class", to a class: the tables below, then entry points.

Outside packages add scorers and generators by the entry-point groups `iqmetrics.scorers` and
`iqmetrics.generators`; a file of your own is tried with `--scorer mylib.my:MyScorer`.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import is_dataclass
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Literal

from iqmetrics.errors import BadInput, UnknownName

Kind = Literal["scorer", "generator"]

BUILT_IN: dict[Kind, dict[str, str]] = {
    "scorer": {
        "brisque": "iqmetrics.scorers.brisque:Brisque",
        "clip": "iqmetrics.scorers.clip:Clip",
        "diversity": "iqmetrics.scorers.diversity:Diversity",
        "face": "iqmetrics.scorers.face:Face",
        "fid": "iqmetrics.scorers.fid:Fid",
        "grain": "iqmetrics.scorers.grain:Grain",
        "hands": "iqmetrics.scorers.hands:Hands",
        "look": "iqmetrics.scorers.look:Look",
        "musiq": "iqmetrics.scorers.pyiqa_metric:PyiqaMetric",
        "niqe": "iqmetrics.scorers.niqe:Niqe",
        "piqe": "iqmetrics.scorers.piqe:Piqe",
        "run": "iqmetrics.scorers.run:Run",
        "size": "iqmetrics.scorers.size:Size",
        "text": "iqmetrics.scorers.text:Text",
    },
    "generator": {
        "chain": "iqmetrics.generators.chain:Chain",
        "command": "iqmetrics.generators.command:Command",
        "comfyui": "iqmetrics.generators.comfyui_server:ComfyUI",
        "diffusers": "iqmetrics.generators.diffusers_pipeline:Diffusers",
        "folder": "iqmetrics.generators.folder:Folder",
        "hf": "iqmetrics.generators.hf_inference:HFInference",
        "openai": "iqmetrics.generators.openai_images:OpenAIImages",
    },
}

NEEDED: dict[Kind, tuple[str, ...]] = {
    "scorer": ("name", "version", "scope", "licence", "metrics", "score"),
    "generator": ("fingerprint", "__call__"),
}
"""What an instance must have, whoever wrote it."""

OTHERS: dict[Kind, str] = {"scorer": "iqmetrics.scorers.pyiqa_metric:find"}
"""Asked for a name that nothing is registered under; answers what builds it, or None."""


def names(kind: Kind) -> dict[str, str]:
    """Every registered name and the "module:Class" behind it; built-in names win."""
    found = {e.name: e.value for e in entry_points(group=f"iqmetrics.{kind}s")}
    return {**found, **BUILT_IN[kind]}


def resolve(kind: Kind, name: str) -> Callable[..., Any]:
    """The class (or factory) that a name or "module:Class" stands for.

    Raises:
        UnknownName: nothing is registered under that name.
        BadInput: the module cannot be imported or lacks the class.
    """
    target = name if ":" in name else BUILT_IN[kind].get(name)
    if target is None:  # to ask every installed package takes a while
        target = names(kind).get(name)
    if target is not None:
        return _load(kind, name, target)
    other = _load(kind, name, OTHERS[kind])(name) if kind in OTHERS else None
    if other is None:
        raise UnknownName(kind, name, names(kind), f"List them: iqm {kind}s")
    found: Callable[..., Any] = other
    return found


def _load(kind: Kind, name: str, target: str) -> Callable[..., Any]:
    module, _, attribute = target.partition(":")
    try:
        found: Callable[..., Any] = getattr(_module(module), attribute)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise BadInput(
            f"{kind} {name!r} cannot be imported: {error}", "Is its package installed here?"
        ) from error
    except Exception as error:  # of whatever the module does while it is imported
        raise BadInput(
            f"{kind} {name!r} cannot be imported: {type(error).__name__}: {error}",
            f"Try it: python -c 'import {module}'",
        ) from error
    return found


def _module(name: str) -> ModuleType:
    """A module; one that is not installed is looked for in the folder where we are.

    The command `iqm`, unlike `python -m`, does not look there by itself. The folder comes last, and
    only for who asks for a module that is in it; processes that are started later get it too.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        here, top = os.getcwd(), name.partition(".")[0]
        is_there = any(os.path.exists(os.path.join(here, file)) for file in (top, f"{top}.py"))
        if error.name != top or here in sys.path or not is_there:
            raise
        sys.path.append(here)
        return import_module(name)


def make(kind: Kind, name: str, options: dict[str, Any] | None = None) -> Any:
    """An instance with its options; an option the class does not take is an error that says so."""
    build = resolve(kind, name)
    try:
        made = build(**(options or {}))
    except TypeError as error:
        raise BadInput(f"{kind} {name!r}: {error}", f"Its options: iqm {kind}s {name}") from error
    lacking = [fact for fact in NEEDED[kind] if not hasattr(made, fact)]
    if lacking:
        raise BadInput(
            f"{kind} {name!r} is none: it lacks {', '.join(lacking)}",
            "README shows the smallest one",
        )
    if not is_dataclass(made):
        raise BadInput(f"{kind} {name!r} is no dataclass", "Put @dataclass(frozen=True) before it")
    return made
