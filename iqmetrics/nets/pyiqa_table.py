"""What pyiqa can measure, read from its own table without importing it (it imports torch)."""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOT_ONE_IMAGE = ("clipscore", "compare2score", "fgresq_pair", "inception_score", "maclip")
"""No-reference by pyiqa's table, yet they judge a caption, a pair or a set."""


@dataclass(frozen=True, slots=True)
class Known:
    """One metric of pyiqa: direction, its usual range in words, whether one image is enough."""

    name: str
    lower_better: bool
    usual: str
    reference_free: bool
    arch: str


MUSIQ = Known("musiq", False, "0, 100", True, "MUSIQ")
"""Enough to describe the default metric where pyiqa is not installed."""


@cache
def table() -> dict[str, Known]:
    """Every metric by name; only MUSIQ when pyiqa is not installed."""
    spec = find_spec("pyiqa")
    if spec is None or not spec.submodule_search_locations:
        return {"musiq": MUSIQ}
    path = Path(next(iter(spec.submodule_search_locations))) / "default_model_configs.py"
    tree = ast.parse(path.read_text("utf-8"))
    literal = next(n for n in ast.walk(tree) if isinstance(n, ast.Dict) and len(n.keys) > 20)
    return {
        str(ast.literal_eval(key)): _known(str(ast.literal_eval(key)), _values(value))
        for key, value in zip(literal.keys, literal.values, strict=True)
        if key is not None
    }


def _values(node: ast.expr) -> dict[str, Any]:
    """The literal entries of a dict display; what is computed there is left out."""
    found: dict[str, Any] = {}
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            try:
                found[ast.literal_eval(key or ast.Constant(None))] = ast.literal_eval(value)
            except ValueError:
                continue
    return found


def _known(name: str, row: dict[str, Any]) -> Known:
    free = row.get("metric_mode") == "NR" and name not in NOT_ONE_IMAGE
    arch = str(row.get("metric_opts", {}).get("type", ""))
    usual = str(row.get("score_range", "not stated"))
    return Known(name, bool(row.get("lower_better", False)), usual, free, arch)
