"""Finds and checks preset files: which scorers run, with which options.

A preset is flat TOML: `about` and one `[[scorer]]` table each with `name` and optional `options`
(exactly the scorer's fields). `[[usable]]` tables (`metric`, `min`, `max`) say what every usable
image keeps, `pick` which image of a prompt counts as the first. `--preset standard` reads the
shipped `standard.preset.toml`; a path to a file of your own works too. An unknown key is an error.
"""

import math
import tomllib
from dataclasses import dataclass, field
from typing import Any

from iqmetrics import plugins
from iqmetrics import shipped as shipped_files
from iqmetrics.errors import BadInput

SUFFIX = ".preset.toml"


@dataclass(frozen=True, slots=True)
class ScorerChoice:
    """One scorer of a preset: its registered name and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)

    def build(self) -> Any:
        """The scorer itself."""
        return plugins.make("scorer", self.name, self.options)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a usable image keeps: `metric` at least `min` and at most `max`."""

    metric: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of scorers, and what makes an image usable by it.

    `pick` is the image of a prompt that counts as "the first picture one gets".
    """

    name: str
    about: str
    scorers: tuple[ScorerChoice, ...]
    usable: tuple[Condition, ...] = ()
    pick: int = 1


def shipped() -> list[str]:
    """Names of the presets that come with iqmetrics."""
    return shipped_files.names(SUFFIX)


def load(name: str) -> Preset:
    """A preset by shipped name or by path.

    Raises:
        UnknownName: no such preset, or an unknown key or scorer in it.
        BadInput: the file is not TOML or lacks a key.
    """
    text, title = shipped_files.find("preset", name, SUFFIX)
    try:
        return _parse(title, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"preset {name} is not valid TOML: {error}") from error


def _parse(title: str, data: dict[str, Any]) -> Preset:
    where = f"key in preset {title}"
    shipped_files.only(where, data, {"about", "scorer", "usable", "pick"})
    _tables(title, data, "scorer")
    _tables(title, data, "usable")
    choices = []
    for table in data.get("scorer", []):
        shipped_files.only(where, table, {"name", "options"})
        if not isinstance(table.get("name"), str):
            raise BadInput(f"preset {title}: a [[scorer]] has no name")
        if not isinstance(table.get("options", {}), dict):
            raise BadInput(f"preset {title}: options of {table['name']} must be a table")
        if ":" not in table["name"]:
            plugins.resolve("scorer", table["name"])
        choices.append(ScorerChoice(table["name"], table.get("options", {})))
    if not choices:
        raise BadInput(f"preset {title} names no scorer", "Add a [[scorer]] table with a name")
    usable = tuple(_condition(title, table) for table in data.get("usable", []))
    pick = data.get("pick", 1)
    if type(pick) is not int or pick < 1:
        raise BadInput(
            f"preset {title}: pick = {pick!r}", "It counts the images of a prompt from 1"
        )
    return Preset(title, data.get("about", ""), tuple(choices), usable, pick)


def _condition(title: str, table: dict[str, Any]) -> Condition:
    shipped_files.only(f"key in a [[usable]] of preset {title}", table, {"metric", "min", "max"})
    if not isinstance(table.get("metric"), str) or len(table) < 2:
        raise BadInput(f"preset {title}: a [[usable]] needs a metric and min or max")
    for limit in (table.get("min", 0), table.get("max", 0)):
        if type(limit) not in (int, float) or not math.isfinite(limit):
            raise BadInput(f"preset {title}: a [[usable]] limit must be a number, got {limit!r}")
    if table.get("min", -math.inf) > table.get("max", math.inf):
        limits = f"min {table['min']} lies above max {table['max']}"
        raise BadInput(
            f"preset {title}: of {table['metric']}, {limits}", "No image could be usable"
        )
    return Condition(**table)


def _tables(title: str, data: dict[str, Any], key: str) -> None:
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise BadInput(f"preset {title}: {key} must be written as [[{key}]] tables")
