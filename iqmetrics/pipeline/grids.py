"""Files that hold four pictures set edge to edge: found by their seams, and taken apart on request.

A picture of a grid is a record of its own, `FILE#1` .. `FILE#4`, with its own pick and scores.
"""

from collections.abc import Iterator, Sequence

from iqmetrics.engines.local import Decoded
from iqmetrics.images import Picture
from iqmetrics.metadata import grids
from iqmetrics.pipeline.progress import Progress, track
from iqmetrics.records import ImageRecord
from iqmetrics.workers import decode_all


def split(
    records: Sequence[ImageRecord], workers: int | None, progress: Progress
) -> tuple[list[ImageRecord], int]:
    """The records with every grid replaced by its four pictures, and how many grids there were."""
    decoded = track(progress, "looking for grids", len(records), decode_all(records, workers))
    found = {
        record.image
        for record, picture in decoded
        if isinstance(picture, Picture) and grids.looks_like_grid(picture.pixels)
    }
    apart = [grids.split_record(r) if r.image in found else [r] for r in records]
    return [record for group in apart for record in group], len(found)


def cut(decoded: Iterator[Decoded]) -> Iterator[Decoded]:
    """What was decoded, each picture of a grid cut out of its file."""
    for record, result in decoded:
        tile = grids.tile_of(record)
        if tile is None or not isinstance(result, Picture):
            yield record, result
            continue
        row, column, rows, columns = tile
        pixels = grids.split_pixels(result.pixels, rows, columns)[row * columns + column]
        yield record, Picture(result.record, pixels, (*result.flags, "tile"))
