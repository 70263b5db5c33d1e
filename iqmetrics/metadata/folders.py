"""Several folders at once, read as what they are: parts of the folder that holds them all."""

import os
from collections.abc import Iterator, Sequence
from itertools import chain

from iqmetrics.errors import BadInput
from iqmetrics.metadata.selection import Selection, select
from iqmetrics.metadata.walk import OUTPUT_FOLDER, RESULTS, Entry, walk

NOTHING = "folder without images"


def select_folders(
    folders: Sequence[str | os.PathLike[str]],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    out: str | os.PathLike[str] = "",
) -> tuple[str, Selection]:
    """The files of some folders as (common parent folder, selection).

    Paths are relative to the deepest folder that holds all of them, so that those beside each
    other are told apart as models. A folder inside another, or given twice, counts once; results
    of iqm among them (`outputs/*`) are not walked.

    Raises:
        BadInput: one of them is no folder, or they lie on different drives.
    """
    paths = list(dict.fromkeys(os.path.abspath(folder) for folder in folders))
    for path in paths:
        if not os.path.isdir(path):
            raise BadInput(f"{path} is not a folder", "Give folders only, or image files only")
    try:
        base = os.path.commonpath(paths)
    except ValueError as error:
        raise BadInput("these folders have no common parent", "One run for each") from error
    outermost = [path for path in paths if not any(_is_inside(path, other) for other in paths)]
    results = [path for path in outermost if _is_own(path, base, out)]
    parts = {path: _prefix(path, base) for path in outermost if path not in results}
    notices = [(RESULTS, _prefix(path, base)) for path in results]
    entries = (_walk(path, prefix, out, notices) for path, prefix in parts.items())
    selection = select(chain.from_iterable(entries), include=include, exclude=exclude, limit=limit)
    there = [*(entry.path for entry in selection.images), *selection.unjudged]
    for prefix in parts.values():
        if not any(image.startswith(prefix) for image in there):
            notices.append((NOTHING, prefix))
    for why, path in notices:
        selection.skip(why, path)
    return base, selection


def _is_inside(path: str, other: str) -> bool:
    return path != other and path.startswith(os.path.join(other, ""))


def _is_own(path: str, base: str, out: str | os.PathLike[str]) -> bool:
    named = path != base and os.path.basename(path) == OUTPUT_FOLDER
    return named or (bool(out) and os.path.abspath(out) == path)


def _prefix(path: str, base: str) -> str:
    relative = os.path.relpath(path, base).replace(os.sep, "/")
    return "" if relative == "." else f"{relative}/"


def _walk(
    path: str, prefix: str, out: str | os.PathLike[str], notices: list[tuple[str, str]]
) -> Iterator[Entry]:
    for entry in walk(path, out=out, notice=lambda why, p: notices.append((why, prefix + p))):
        yield entry._replace(path=prefix + entry.path)
