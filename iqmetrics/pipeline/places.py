"""Where the images of a stored run lie now: a folder may be moved with its results."""

import os
from collections.abc import Sequence
from dataclasses import replace

from iqmetrics.records import ImageRecord
from iqmetrics.remote import is_remote


def placed(records: Sequence[ImageRecord], results: str | os.PathLike[str]) -> list[ImageRecord]:
    """The records, with the paths that they have today.

    Where the first image is not at the path that was stored, but in the folder around the results
    (`FOLDER/iqm`), all of them are taken to be there.

    Args:
        records: images of one run.
        results: folder of its store; "" when it has none.
    """
    if not records or not results or _is_there(records[0].path):
        return list(records)
    parent = os.path.dirname(os.path.abspath(results))
    if not _is_there(os.path.join(parent, records[0].image)):
        return list(records)
    return [replace(record, path=os.path.join(parent, record.image)) for record in records]


def _is_there(path: str) -> bool:
    return is_remote(path) or os.path.lexists(path)
