"""A folder of reference pictures: its fingerprint and its features, computed once."""

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iqmetrics.errors import BadInput
from iqmetrics.images import DECODE_POLICY, Picture
from iqmetrics.records import ImageRecord
from iqmetrics.weights.search import own_folder, sha256
from iqmetrics.workers import decode_all

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
BATCH = 32


class Net(Protocol):
    """What computes features; `path` is its weight file."""

    path: Path

    def features(self, pictures: Sequence[Picture]) -> list[NDArray[np.float32]]:
        """One vector a picture, in order."""
        ...


def files(folder: str) -> list[Path]:
    """Pictures below the folder, in order of their names.

    Raises:
        BadInput: it is no folder, or has none.
    """
    place = Path(folder)
    found = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise BadInput(
            f"{folder} has no reference pictures", f"Files that count: {' '.join(SUFFIXES)}"
        )
    return found


def digests(folder: str) -> tuple[tuple[str, str], ...]:
    """(path, sha256) of every picture of the folder, in order of their digests."""
    facts = ((path, path.stat()) for path in files(folder))
    return _digests(tuple((path, s.st_size, s.st_mtime_ns, s.st_ino) for path, s in facts))


@cache
def _digests(found: tuple[tuple[Path, int, int, int], ...]) -> tuple[tuple[str, str], ...]:
    """Read again only when a file's size, time or inode changed."""
    return tuple(sorted(((str(row[0]), sha256(row[0])) for row in found), key=lambda r: r[1]))


def fingerprint(folder: str) -> str:
    """Names the pictures by their content: the same wherever the folder lies, whatever its names.

    64 hex digits: the sha256 of the sorted sha256 of all files.
    """
    return hashlib.sha256("\n".join(d for _, d in digests(folder)).encode()).hexdigest()


def features(folder: str, net: Net) -> NDArray[np.float32]:
    """Features of every picture of the folder, (n, dim); kept on disk for the next run.

    Raises:
        BadInput: a picture cannot be read: a distance to fewer pictures would not be comparable.
    """
    kept = _kept(folder, net)
    if kept.is_file():
        found: NDArray[np.float32] = np.load(kept, allow_pickle=False)
        return found
    found = np.stack(_compute(folder, net))
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, found)
    os.replace(part, kept)
    return found


def _kept(folder: str, net: Net) -> Path:
    facts = f"{fingerprint(folder)} {sha256(net.path)} {DECODE_POLICY}"
    name = hashlib.sha256(facts.encode()).hexdigest()[:32]
    return own_folder().parent / "references" / f"{name}.npy"


def _compute(folder: str, net: Net) -> list[NDArray[np.float32]]:
    """Features in order of the files' digests, so that the same set gives the same sums."""
    records = [ImageRecord(path, path, sha256=digest) for path, digest in digests(folder)]
    decoded = decode_all(records)
    found: dict[str, NDArray[np.float32]] = {}
    while batch := list(islice(decoded, BATCH)):
        pictures = []
        for record, result in batch:
            if not isinstance(result, Picture):
                raise BadInput(
                    f"reference picture {record.path}: {result.reason}", "Remove or replace it"
                )
            pictures.append(result)
        found.update(zip((p.record.path for p in pictures), net.features(pictures), strict=True))
    return [found[record.path] for record in records]
