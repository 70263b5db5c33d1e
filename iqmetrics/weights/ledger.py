"""The weight ledger: what every weight is, where it comes from, under which licence."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from iqmetrics.errors import UnknownName

HUB = "https://huggingface.co"


@dataclass(frozen=True, slots=True)
class Weight:
    """One line of the ledger.

    `sha256` is the digest of `file`, or its first digits where only those are published (they are
    then compared as far as they go), or "" where nobody published one; `bytes` 0 = not known.
    `hub` is the Hugging Face repository that holds `file`, `url` any other address. `extras` are
    small files beside it ("file", or "org/repo:file"), such as a tokenizer.
    """

    name: str
    file: str
    sha256: str
    bytes: int
    licence: str
    commercial: bool
    source: str
    used_by: tuple[str, ...]
    embedded: bool = True
    hub: str = ""
    url: str = ""
    extras: tuple[str, ...] = ()
    model: str = ""
    """What its users call it, e.g. "ViT-B-32/laion2b_s34b_b79k"."""

    @property
    def pinned(self) -> bool:
        """Whether the whole digest is in the ledger."""
        return len(self.sha256) == 64

    def downloads(self) -> dict[str, str]:
        """File name -> address of everything that `pull` fetches, the weight file first."""
        found = {self.file: self.url or _hub_url(self.hub, self.file)} if self._remote else {}
        for extra in self.extras:
            repo, _, name = extra.rpartition(":")
            found[PurePosixPath(name).name] = _hub_url(repo or self.hub, name)
        return found

    @property
    def _remote(self) -> bool:
        return bool(self.url or self.hub)


def _hub_url(repo: str, name: str) -> str:
    import os

    return f"{os.environ.get('HF_ENDPOINT', HUB).rstrip('/')}/{repo}/resolve/main/{name}"


@cache
def ledger() -> dict[str, Weight]:
    """Every known weight file by name."""
    tables = tomllib.loads(files("iqmetrics.nets").joinpath("weights.toml").read_text("utf-8"))
    return {name: _weight(name, table) for name, table in tables.items()}


def _weight(name: str, table: dict[str, Any]) -> Weight:
    lists = ("used_by", "extras")
    facts: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in table.items()}
    return Weight(name=name, **facts)


def entry(name: str) -> Weight:
    """The ledger line of `name`.

    Raises:
        UnknownName: no weight has this name; where it is a scorer's, its weights are told.
    """
    if name in ledger():
        return ledger()[name]
    used = [line for line in ledger().values() if name in line.used_by]
    raise UnknownName("weight", name, () if used else ledger(), _told(name, used) if used else "")


def _told(user: str, used: list[Weight]) -> str:
    """What a scorer uses; of several models its default is the first in the ledger."""
    fetched = [line.name for line in used if not line.embedded]
    if not fetched:
        names = ", ".join(line.name for line in used)
        return f"{user} uses {names}, part of iqmetrics: nothing is to be fetched"
    first, *others = fetched
    return f"{user} uses {first}" + (f"; with another model {', '.join(others)}" if others else "")
