"""The one way to find and verify weight files, with the licence of each.

`nets/weights.toml` is the ledger: one table a file. Embedded files lie beside it (key `file`);
others are looked for in `IQM_WEIGHTS_DIR`. Nothing is ever downloaded from here.
"""

import hashlib
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from iqmetrics.errors import BadInput, Unavailable, UnknownName


@dataclass(frozen=True, slots=True)
class Weight:
    """One line of the ledger."""

    name: str
    file: str
    sha256: str
    bytes: int
    licence: str
    commercial: bool
    source: str
    used_by: tuple[str, ...]
    embedded: bool = True


@cache
def ledger() -> dict[str, Weight]:
    """Every known weight file by name."""
    tables = tomllib.loads(files("iqmetrics.nets").joinpath("weights.toml").read_text("utf-8"))
    return {
        name: Weight(name=name, **{**table, "used_by": tuple(table["used_by"])})
        for name, table in tables.items()
    }


def entry(name: str) -> Weight:
    """The ledger line of `name`."""
    if name not in ledger():
        raise UnknownName("weight", name, ledger())
    return ledger()[name]


@cache
def find(name: str) -> Path:
    """The verified file of `name`.

    Raises:
        Unavailable: the file is nowhere on this machine.
        BadInput: a file is there but its sha256 is not the ledger's.
    """
    weight = entry(name)
    for folder in _folders(weight):
        path = folder / weight.file
        if path.is_file():
            if (found := hashlib.sha256(path.read_bytes()).hexdigest()) != weight.sha256:
                raise BadInput(
                    f"{path} is not {name}: its sha256 is {found}", "Remove it and fetch it again"
                )
            return path
    raise Unavailable(f"weights {name!r} are not on this machine", f"iqm weights pull {name}")


def _folders(weight: Weight) -> list[Path]:
    own = [Path(str(files("iqmetrics.nets")))] if weight.embedded else []
    given = os.environ.get("IQM_WEIGHTS_DIR")
    return own + ([Path(given)] if given else [])
