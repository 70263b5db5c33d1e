"""One archive of weights for machines without network: an uncompressed tar with a manifest.

`manifest.json` comes first: name, licence and the sha256 of every file. `unpack` takes only files
that it names, to the places that this machine chooses, and only when their digests hold.
"""

import io
import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.links import led
from iqmetrics.weights.ledger import Weight, ledger
from iqmetrics.weights.search import extra, folder_of, look, note_of, sha256

MANIFEST = "manifest.json"
FORMAT = 1


def pack(weights: Sequence[Weight], target: Path) -> list[str]:
    """Write the weights that are on this machine into one archive.

    Returns:
        Names of the weights in it.

    Raises:
        Unavailable: one of them is not here.
        BadInput: one of them is not what the ledger says.
    """
    listed: list[dict[str, Any]] = []
    sources: list[tuple[str, Path]] = []
    for weight in weights:
        files = _files(weight)
        rows = []
        for path in files:
            rows.append({"file": path.name, "sha256": sha256(path), "bytes": path.stat().st_size})
            sources.append((f"{weight.name}/{path.name}", path))
        listed.append({"name": weight.name, "licence": weight.licence, "files": rows})
    target = led(target)
    part = target.with_name(target.name + ".part")
    with tarfile.open(part, "w") as archive:
        text = json.dumps({"format": FORMAT, "weights": listed}, indent=1).encode()
        archive.addfile(_plain(MANIFEST, len(text)), io.BytesIO(text))
        for name, path in sources:
            with path.open("rb") as file:
                archive.addfile(_plain(name, path.stat().st_size), file)
    os.replace(part, target)
    return [row["name"] for row in listed]


def unpack(source: Path) -> list[str]:
    """Put the weights of an archive where `find` looks; the names of those that were put.

    Raises:
        BadInput: it is no such archive, or a file in it is not what it should be.
    """
    try:
        with tarfile.open(source, "r:") as archive:
            first = archive.next()
            if first is None or first.name != MANIFEST:
                raise BadInput(
                    f"{source} is not a bundle of weights", "iqm weights bundle makes one"
                )
            manifest = json.loads(_read(archive, first))
            return [_put(archive, row) for row in manifest["weights"]]
    except (tarfile.TarError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"{source} is not a bundle of weights: {error}") from error


def _files(weight: Weight) -> list[Path]:
    found = look(weight)
    if found is None:
        raise Unavailable(
            f"weights {weight.name!r} are not on this machine", f"iqm weights pull {weight.name}"
        )
    if found.state == "wrong":
        raise BadInput(f"{found.path} is not {weight.name}", "Remove it and fetch it again")
    names = (PurePosixPath(e.rpartition(":")[2]).name for e in weight.extras)
    return [found.path, *(p for name in names if (p := extra(weight, name)) is not None)]


def _put(archive: tarfile.TarFile, row: dict[str, Any]) -> str:
    weight = ledger().get(row["name"])
    if weight is None:
        raise BadInput(
            f"this iqmetrics knows no weight {row['name']!r}",
            "Use the version that made the bundle",
        )
    main = weight.file.rpartition("/")[2]
    allowed = {
        main,
        *(PurePosixPath(e.rpartition(":")[2]).name for e in weight.extras),
    }
    folder = folder_of(weight)
    folder.mkdir(parents=True, exist_ok=True)
    for file in row["files"]:
        name = str(file["file"])
        if name not in allowed:
            raise BadInput(f"{name!r} does not belong to {weight.name}")
        part = folder / f"{name}.part"
        with part.open("wb") as out:
            stream = archive.extractfile(f"{weight.name}/{name}")
            if stream is None:
                raise BadInput(f"{weight.name}/{name} is not a plain file")
            while piece := stream.read(1 << 20):
                out.write(piece)
        pinned = weight.sha256 if name == main else ""
        digest = sha256(part)
        if digest != file["sha256"] or not digest.startswith(pinned):
            part.unlink()
            raise BadInput(
                f"{name} of {weight.name} has sha256 {digest}, which is not the right one"
            )
        note_of(folder / name).write_text(f"{digest}  a bundle\n", "utf-8")
        os.replace(part, folder / name)
    return weight.name


def _plain(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream else b""
