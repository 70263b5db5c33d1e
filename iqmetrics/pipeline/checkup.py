"""What `iqm doctor` looks at: one `Check` a line, none of which imports a heavy package."""

import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from typing import Literal

from iqmetrics import weights
from iqmetrics.errors import IqmError

STANDARD = ("clip-vit-b-32", "musiq-koniq")
"""Weights that the standard preset uses and that are too big to come with the package."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: what was looked at, how it stands, and the way out if it is not well."""

    what: str
    state: Literal["ok", "absent", "broken"]
    told: str
    fix: str = ""


def checks(deep: bool = False) -> Iterator[Check]:
    """Every finding in order; `deep` also imports torch to look at the device."""
    yield Check(
        "iqmetrics",
        "ok",
        f"{version('iqmetrics')} on Python {platform.python_version()}, {platform.platform()}",
    )
    yield from _extras()
    yield from _opencv()
    yield from _weights()
    yield _image_formats()
    yield _sqlite()
    yield _disk()
    if deep:
        yield _torch()


def _extras() -> Iterator[Check]:
    wanted: dict[str, list[str]] = {}
    for line in requires("iqmetrics") or ():
        requirement, _, marker = line.partition(";")
        if "extra ==" in marker and "iqmetrics[" not in requirement:
            extra = marker.split("extra ==")[1].strip(" '\"")
            wanted.setdefault(extra, []).append(_bare(requirement))
    for extra, packages in sorted(wanted.items()):
        missing = [name for name in packages if not _installed(name)]
        if missing:
            fix = f"pip install 'iqmetrics[{extra}]'"
            yield Check(f"extra {extra}", "absent", f"without {', '.join(missing)}", fix)
        else:
            told = ", ".join(f"{name} {version(name)}" for name in packages)
            yield Check(f"extra {extra}", "ok", told)


def _bare(requirement: str) -> str:
    for mark in "<>=!~[ ":
        requirement = requirement.split(mark)[0]
    return requirement.strip()


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _opencv() -> Iterator[Check]:
    builds = [
        n
        for n in ("opencv-python", "opencv-python-headless", "opencv-contrib-python")
        if _installed(n)
    ]
    if len(builds) > 1:
        fix = f"pip uninstall -y {' '.join(builds)} && pip install opencv-python-headless"
        yield Check(
            "opencv",
            "ok",
            f"{' and '.join(builds)} overwrite each other; if `import cv2` fails",
            fix,
        )


def _weights() -> Iterator[Check]:
    for name, weight in sorted(weights.ledger().items()):
        if not weight.embedded:
            continue
        try:
            weights.find(name)
        except IqmError as error:
            yield Check(
                f"weights {name}", "broken", error.message, error.hint or "Install iqmetrics again"
            )
        else:
            yield Check(f"weights {name}", "ok", f"{weight.licence}, sha256 verified")
    for name in STANDARD:
        weight = weights.ledger()[name]
        if weights.has(name):
            yield Check(f"weights {name}", "ok", f"{weight.licence}, here")
        else:
            told = f"not here: no {' and no '.join(weight.used_by)}"
            yield Check(f"weights {name}", "absent", told, f"iqm weights pull {name}")


def _image_formats() -> Check:
    from PIL import __version__, features

    formats = {"jpg": "JPEG", "webp": "WebP", "avif": "AVIF", "littlecms2": "ICC"}
    missing = [told for name, told in formats.items() if not features.check(name)]
    if missing:
        return Check(
            "image formats",
            "absent",
            f"Pillow {__version__} lacks {', '.join(missing)}",
            "pip install -U pillow",
        )
    return Check("image formats", "ok", f"Pillow {__version__} with {', '.join(formats.values())}")


def _sqlite() -> Check:
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "wal.sqlite")
        (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
        db.close()
    state: Literal["ok", "broken"] = "ok" if mode == "wal" else "broken"
    return Check("SQLite", state, f"{sqlite3.sqlite_version}, journal mode {mode}")


def _disk() -> Check:
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    return Check(
        "disk",
        "ok" if free > 1 else "broken",
        f"{free:.1f} GB free here",
        "" if free > 1 else "Free some space",
    )


def _torch() -> Check:
    try:
        import torch
    except ImportError:
        return Check("torch", "absent", "not installed", "pip install 'iqmetrics[score]'")
    if not torch.cuda.is_available():
        return Check("torch", "ok", f"{torch.__version__}, CPU only")
    names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    return Check(
        "torch", "ok", f"{torch.__version__}, CUDA {torch.version.cuda}: {', '.join(names)}"
    )
