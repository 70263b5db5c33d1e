"""What a verdict belongs to, as sha256: candidate, baseline, rules and the model's own files.

A verdict that is committed beside a model is worth something only while all of these are the same.
"""

from collections.abc import Mapping
from dataclasses import asdict
from glob import glob
from hashlib import file_digest, sha256
from json import dumps, loads
from pathlib import Path
from typing import Any, get_args

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.gate import State
from iqmetrics.pipeline.rules import Rules


def seal(scorecards: Mapping[str, Path], rules: Rules, root: Path = Path()) -> dict[str, Any]:
    """The sha256 of each scorecard, of the rules, and of each file under `model_files`.

    Raises:
        BadInput: a pattern of `model_files` matches nothing.
    """
    sums = {name: _sum(path) for name, path in scorecards.items()}
    text = dumps(asdict(rules), sort_keys=True)
    files = {}
    for pattern in rules.model_files:
        matched = sorted(
            p for p in glob(pattern, root_dir=root, recursive=True) if (root / p).is_file()
        )
        if not matched:
            raise BadInput(
                f"model_files {pattern!r} of gate {rules.name} matches no file",
                "Run it at the root of the repository, or take it out of the rules",
            )
        files.update({path: _sum(root / path) for path in matched})
    return {**sums, "rules": sha256(text.encode()).hexdigest(), "model_files": files}


def differences(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What changed since a verdict was sealed, in words; empty when nothing did."""
    told = [
        f"the {name} changed since the verdict"
        for name in ("baseline", "candidate", "rules")
        if name in now and stored.get(name) != now[name]
    ]
    before, after = stored.get("model_files", {}), now.get("model_files", {})
    told += [f"{path} is new" for path in after if path not in before]
    told += [f"{path} is gone" for path in before if path not in after]
    return told + [
        f"{path} changed" for path in after if path in before and before[path] != after[path]
    ]


def verify(verdict: Path, now: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Whether a stored verdict is PASS and still belongs to what is here: (state, told).

    A verdict of other inputs is INCONCLUSIVE: it says nothing about these.

    Raises:
        BadInput: the file is absent or is not a verdict.
    """
    try:
        stored = loads(verdict.read_text("utf-8-sig"))
        state, inputs = stored["state"], stored["inputs"]
        kinds = isinstance(inputs, dict) and isinstance(inputs.get("model_files", {}), dict)
        if state not in get_args(State) or not kinds:
            raise ValueError(f"no state of a gate: {state!r}")
    except FileNotFoundError as error:
        raise BadInput(
            f"{verdict} does not exist", "Make it with: iqm gate RUN ... --verdict FILE"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{verdict} is not a verdict", "iqm gate RUN ... --verdict FILE") from error
    if changed := differences(inputs, now):
        return "INCONCLUSIVE", [*changed, "INCONCLUSIVE: run the gate again"]
    if state != "PASS":
        return state, [f"{state}: so says the stored verdict, and it belongs to what is here"]
    return state, ["PASS: the stored verdict belongs to what is here"]


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
