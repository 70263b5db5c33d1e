"""Thumbnails of very many images: neighbours share a file, so that a folder holds few.

A pack ends behind an image whose own content says so, and is named by its contents: one image more
changes the pack that it comes into, perhaps the next few, and a pack that is there is kept unread.
"""

import base64
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from zlib import crc32

from iqmetrics.store import Store
from iqmetrics.views.report.parts import Parts

LEAST, MOST = 16, 64
"""Images of a pack, the last one aside: what showing one thumbnail loads, some 250 kB of photos."""
ENDS = 16
"""One image in so many may end a pack: with `LEAST`, packs hold 32 images on average."""
CHUNK = 500
"""Images that the store is asked for at once."""


def write(
    store: Store, contents: Sequence[str], parts: Parts
) -> tuple[list[int | None], list[str]]:
    """Write the packs of some images that are not there yet.

    Args:
        store: has the thumbnails.
        contents: `keys.content` of every image, in the order of the page.
        parts: where packs go.

    Returns:
        For each image the number of its pack, None without a thumbnail (images of one pack stand
        in it in their order); and the names of the packs.
    """
    places: list[int | None] = []
    names: list[str] = []
    pack: list[str] = []
    for one in _shown(store, contents):
        places.append(None if one is None else len(names))
        if one is not None:
            pack.append(one)
            if _ends(pack):
                names.append(_kept(store, pack, parts))
                pack = []
    if pack:
        names.append(_kept(store, pack, parts))
    return places, names


def _shown(store: Store, contents: Sequence[str]) -> Iterator[str | None]:
    """The contents in order, None for those without a thumbnail."""
    for start in range(0, len(contents), CHUNK):
        some = contents[start : start + CHUNK]
        known = store.with_thumbnail(some)
        yield from (one if one in known else None for one in some)


def _ends(pack: Sequence[str]) -> bool:
    if len(pack) < LEAST:
        return False
    return len(pack) == MOST or crc32(pack[-1].encode()) % ENDS == 0


def _kept(store: Store, pack: Sequence[str], parts: Parts) -> str:
    """Name of a pack, which is there from now on."""
    name = "pack-" + blake2b("\0".join(pack).encode(), digest_size=12).hexdigest()
    if not parts.keep(name):
        found = store.thumbnails(pack)
        parts.write(name, [base64.b64encode(found[one]).decode("ascii") for one in pack])
    return name
