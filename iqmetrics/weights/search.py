"""Where weight files lie, and whether a file is what the ledger says.

Looked through in this order: the package itself, `IQM_WEIGHTS_DIR` (where `pull` and `import` put
them; by default a folder in the user's cache), then the caches of others: the Hugging Face hub,
torch hub (pyiqa's too), insightface.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights.ledger import Weight, entry

State = Literal["verified", "unverified", "wrong"]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a weight: how sure that is, and against what it was checked."""

    path: Path
    sha256: str
    state: State
    against: str


@cache
def find(name: str) -> Path:
    """The verified file of `name`.

    Raises:
        Unavailable: the file is nowhere on this machine; the hint is the command that fetches it.
        BadInput: a file is there but its sha256 is not the ledger's.
    """
    weight = entry(name)
    found = look(weight)
    if found is None and os.environ.get("IQM_ALLOW_DOWNLOAD", "") not in ("", "0"):
        from iqmetrics.weights.download import pull

        pull(weight)
        found = look(weight)
    if found is None:
        raise Unavailable(f"weights {name!r} are not on this machine", f"iqm weights pull {name}")
    if found.state == "wrong":
        raise BadInput(
            f"{found.path} is not {name}: its sha256 is {found.sha256}",
            "Remove it and fetch it again",
        )
    return found.path


def has(name: str) -> bool:
    """Whether a file of that name is here; nothing is read."""
    return next(places(entry(name)), None) is not None


def look(weight: Weight) -> Found | None:
    """The first file found, checked; None when there is none."""
    path = next(places(weight), None)
    return None if path is None else check(weight, path)


def check(weight: Weight, path: Path) -> Found:
    """Compare a file with the ledger, else with the note of `pull`, else with its cache's name."""
    digest = sha256(path)
    expected, against = _expected(weight, path)
    if not expected:
        return Found(path, digest, "unverified", "")
    return Found(path, digest, "verified" if digest.startswith(expected) else "wrong", against)


def sha256(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def note_of(path: Path) -> Path:
    """Where `pull` notes the digest that the source published for a file."""
    return path.with_name(path.name + ".sha256")


def own_folder() -> Path:
    """Where weights are put: `IQM_WEIGHTS_DIR`, else a folder in the user's cache."""
    if given := os.environ.get("IQM_WEIGHTS_DIR"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "iqmetrics" / "weights"


def folder_of(weight: Weight) -> Path:
    """The folder of one weight with its extras."""
    return own_folder() / weight.name


def places(weight: Weight) -> Iterator[Path]:
    """Existing files that could be the weight, best first."""
    for path in _candidates(weight):
        if path.is_file():
            yield path


def extra(weight: Weight, name: str) -> Path | None:
    """A small file that belongs to a weight (a tokenizer), or None."""
    repos = {e.rpartition(":")[2].rpartition("/")[2]: e.rpartition(":")[0] for e in weight.extras}
    own = folder_of(weight) / name
    candidates = [own, *hub_files(repos.get(name) or weight.hub, name)]
    return next((path for path in candidates if path.is_file()), None)


def _candidates(weight: Weight) -> Iterator[Path]:
    if weight.embedded:
        yield Path(str(files("iqmetrics.nets"))) / weight.file
    yield folder_of(weight) / weight.file
    if weight.sha256:  # a bare name such as model.safetensors could be anything
        yield own_folder() / weight.file
    if weight.hub:
        yield from hub_files(weight.hub, weight.file)
    if not weight.embedded:
        torch_home = Path(os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch")
        if weight.sha256:
            yield from (torch_home / "hub" / d / weight.file for d in ("checkpoints", "pyiqa"))
        yield Path.home() / ".insightface" / "models" / weight.file


def hub_files(repo: str, name: str) -> Iterator[Path]:
    """Files of that name in the snapshots of a repository in the hub cache."""
    if not repo:
        return
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache_folder = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    yield from sorted(
        (cache_folder / f"models--{repo.replace('/', '--')}" / "snapshots").glob(f"*/{name}")
    )


def _expected(weight: Weight, path: Path) -> tuple[str, str]:
    if weight.sha256:
        return weight.sha256, "the ledger"
    note = note_of(path)
    if note.is_file() and (said := note.read_text("utf-8").split()):
        return said[0], "what the source said when it was fetched"
    blob = path.resolve().name
    if path.is_symlink() and len(blob) == 64:
        return blob, "the hub cache"
    return "", ""
