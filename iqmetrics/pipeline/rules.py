"""Gate rules: NAME.gate.toml, flat and checked.

about = "what this gate protects"
alpha = 0.05                    # chance to pass a model that is worse by exactly the margin
max_missing = 0                 # prompts or seeds of the baseline that the candidate may lack

[[rule]]
metric = "text.legibility"
margin = 0.02                   # may be worse than the baseline by at most this
floor = 0.80                    # and must be at least this (`ceiling` for lower-is-better)
min_coverage = 0.9              # share of judged images that must have a value
max_new_failures = 0            # images that failed here and did not in the baseline
required = true                 # false: not measured is reported, and does not hold the gate
"""

import math
import tomllib
from dataclasses import dataclass, fields
from typing import Any

from iqmetrics import shipped as shipped_files
from iqmetrics.errors import BadInput

SUFFIX = ".gate.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one metric must keep; at least one of margin, floor and ceiling is given."""

    metric: str
    margin: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    min_coverage: float = 0.9
    max_new_failures: int = 0
    required: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """A named set of rules; every rule must hold."""

    name: str
    about: str
    alpha: float
    rules: tuple[Rule, ...]
    model_files: tuple[str, ...] = ()
    """Files whose content a stored verdict belongs to (checkpoints, configs), as globs."""
    max_missing: int = 0
    """Prompts and seeds of the baseline that the candidate may lack: leaving out the hard ones must
    not help to pass."""


def shipped() -> list[str]:
    """Names of the gates that come with iqmetrics."""
    return shipped_files.names(SUFFIX)


def load(name: str) -> Rules:
    """Rules by shipped name or by path.

    Raises:
        UnknownName: no such gate, or an unknown key in it.
        BadInput: the file is not TOML, or a rule says nothing or has a value of the wrong kind.
    """
    own = f"Shipped: {', '.join(shipped())}; or give a .gate.toml file of your own"
    text, title = shipped_files.find("gate", name, SUFFIX, own)
    try:
        return _parse(title, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"rules {name} are not valid TOML: {error}") from error


def _parse(title: str, data: dict[str, Any]) -> Rules:
    shipped_files.only(
        f"key in gate {title}", data, {"about", "alpha", "rule", "model_files", "max_missing"}
    )
    alpha = data.get("alpha", 0.05)
    if not _is_number(alpha) or not 0 < alpha < 0.5:
        raise BadInput(
            f"gate {title}: alpha = {alpha}", "It is the chance of a false pass: 0.05, say"
        )
    _kind(title, "about", data.get("about", ""), str)
    for key, kind in (("rule", dict), ("model_files", str)):
        _kind(title, key, data.get(key, []), list)
        for item in data.get(key, []):
            _kind(title, f"each {key}", item, kind)
    rules = tuple(_rule(title, table) for table in data.get("rule", []))
    if not rules:
        raise BadInput(
            f"gate {title} has no [[rule]]", "A gate without rules would let everything pass"
        )
    missing = data.get("max_missing", 0)
    if not isinstance(missing, int) or isinstance(missing, bool) or missing < 0:
        raise BadInput(f"gate {title}: max_missing = {missing!r}", "It counts prompts: 0 or more")
    files = tuple(data.get("model_files", ()))
    return Rules(title, data.get("about", ""), alpha, rules, files, missing)


def _rule(title: str, table: dict[str, Any]) -> Rule:
    shipped_files.only(f"key in a rule of gate {title}", table, {f.name for f in fields(Rule)})
    if not isinstance(table.get("metric"), str):
        raise BadInput(f"gate {title}: a [[rule]] names no metric (text)")
    rule = Rule(**table)
    given = {"margin": rule.margin, "floor": rule.floor, "ceiling": rule.ceiling}
    for key, value in {**given, "min_coverage": rule.min_coverage}.items():
        if value is not None and not _is_number(value):
            raise BadInput(f"gate {title}, {rule.metric}: {key} must be a number, got {value!r}")
    where = f"{title}, {rule.metric}"
    _kind(where, "required", rule.required, bool)
    _kind(where, "max_new_failures", rule.max_new_failures, int)
    if not 0 <= rule.min_coverage <= 1:
        raise BadInput(f"gate {where}: min_coverage is a share from 0 to 1")
    if rule.max_new_failures < 0:
        raise BadInput(f"gate {where}: max_new_failures must not be negative")
    if all(value is None for value in given.values()):
        raise BadInput(
            f"gate {title}: the rule for {rule.metric} has no margin, floor or ceiling",
            "A rule that holds nothing would always pass",
        )
    if rule.floor is not None and rule.ceiling is not None and rule.floor > rule.ceiling:
        raise BadInput(
            f"gate {where}: floor {rule.floor:g} lies above ceiling {rule.ceiling:g}",
            "No model could pass; the floor is the lower one",
        )
    if rule.margin is not None and rule.margin < 0:
        raise BadInput(f"gate {title}, {rule.metric}: margin must not be negative")
    return rule


def _is_number(value: Any) -> bool:
    """A finite number: a comparison with nan would never hold a model back."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kind(where: str, key: str, value: Any, kind: type) -> None:
    if type(value) is not kind:
        raise BadInput(f"gate {where}: {key} must be of kind {kind.__name__}, got {value!r}")
