"""What a user names to be scored -> a listing: several folders here, all else in `index`."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from iqmetrics.errors import BadInput
from iqmetrics.metadata.folders import select_folders
from iqmetrics.metadata.selection import narrow
from iqmetrics.pipeline import index
from iqmetrics.pipeline.index import Listing
from iqmetrics.pipeline.settings import Settings
from iqmetrics.remote import is_remote
from iqmetrics.store import Store


def are_folders(target: Any) -> bool:
    """Whether this is a list of folders of this machine, and nothing else."""
    if not isinstance(target, list | tuple) or len(target) < 2:
        return False
    return all(isinstance(one, str | os.PathLike) and os.path.isdir(one) for one in target)


def look(target: Any, store: Store, settings: Settings) -> Listing:
    """Walk a folder, or several, or take a list of files; no image is opened.

    Raises:
        BadInput: there is no image, or this is nothing that can be scored.
    """
    if isinstance(target, list | tuple):
        _refuse_absent(target)
    sieve: dict[str, Any] = {
        "include": settings.include,
        "exclude": settings.exclude,
        "limit": settings.limit,
    }
    if are_folders(target):
        listing = Listing(*select_folders(target, **sieve, out=store.folder or ""))
    else:
        listing = index.look(target, store, settings)
        if not _is_folder(target):
            narrow(listing.selection, **sieve)
    if not listing.selection.images:
        raise BadInput(
            "no images are left to score",
            "iqm reads PNG, JPEG, WebP, GIF, BMP, TIFF and AVIF; see --include and --exclude",
        )
    # Results are read from other places too: what is stored names images wherever one stands.
    return (
        listing if is_remote(listing.root) else replace(listing, root=os.path.abspath(listing.root))
    )


def _is_folder(target: Any) -> bool:
    """Whether `index.look` walked it, and heeded the globs and the limit while it did."""
    if not isinstance(target, str | os.PathLike):
        return False
    return not os.fspath(target).lower().endswith(index.LIST) and not os.path.isfile(target)


def _refuse_absent(targets: Sequence[Any]) -> None:
    for one in targets:
        named = isinstance(one, str | os.PathLike) and not is_remote(os.fspath(one))
        if named and not os.path.exists(one):
            raise BadInput(f"{one} does not exist", "Give folders of images, or image files")
