"""The one way a benchmark writes its figures: one flat JSON object, merged into what is there.

A figure that was not measured is absent, and `notes` says why. Beside the figures stand `command`,
`machine`, `versions`, `commit` and `date` of the last run that wrote into the file.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ABOUT = ("command", "machine", "versions", "commit", "date", "notes")


def write(
    path: str | Path | None,
    figures: Mapping[str, float | int | str],
    notes: Mapping[str, str] | None = None,
    packages: Iterable[str] = ("iqmetrics", "numpy"),
    machine: str = "",
) -> dict[str, object]:
    """Merge `figures` and `notes` into the JSON file at `path`; prints the same when None.

    Args:
        path: e.g. `benchmarks/results/quality.json`; figures of other runs in it are kept.
        figures: name -> number (or short text), flat.
        notes: figure name or topic -> how it was measured, or why it is absent.
        packages: distributions whose versions matter here.
        machine: what the figures were measured on, where it is not this machine.

    Returns:
        The whole object as written.
    """
    if clash := set(figures) & set(ABOUT):
        raise ValueError(f"not names for figures: {sorted(clash)}")
    file = Path(path) if path else None
    old = json.loads(file.read_text("utf-8")) if file and file.is_file() else {}
    kept = {k: v for k, v in old.items() if k not in ABOUT}
    versions = {**old.get("versions", {}), "python": platform.python_version()}
    versions.update({name: found for name in packages if (found := _version(name))})
    noted = {k: v for k, v in old.get("notes", {}).items() if k not in figures}
    whole: dict[str, object] = {
        **dict(sorted({**kept, **figures}.items())),
        "command": " ".join(["python", *_relative(sys.orig_argv[1:])]),
        "machine": machine or this_machine(),
        "versions": dict(sorted(versions.items())),
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "notes": dict(sorted({**noted, **(notes or {})}.items())),
    }
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    if file is None:
        sys.stdout.write(text)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return whole


def arguments(about: str) -> argparse.ArgumentParser:
    """A parser that already knows `--json FILE`."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", metavar="FILE", help="merge the figures into this JSON file")
    return parser


def this_machine() -> str:
    """Processor, cores and system in one line."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
        name = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _relative(words: Iterable[str]) -> list[str]:
    """The command as typed, without this machine's own folders."""
    here = f"{Path.cwd()}{os.sep}"
    words = [word.replace(here, "") for word in words]
    return [Path(word).name if os.path.isabs(word) else word for word in words]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str:
    root = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
