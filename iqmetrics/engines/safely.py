"""Asks a scorer for readings, whatever happens.

A batch that fails, or runs out of memory, is halved until the picture at fault stands alone: one
bad picture costs one reading, and a batch that is too large costs a retry.
"""

import logging
import sys
import traceback
from collections.abc import Sequence

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.records import Reading
from iqmetrics.scorers import base
from iqmetrics.scorers.base import Scorer

log = logging.getLogger(__name__)


def score_images(scorer: Scorer, pictures: Sequence[Picture]) -> list[Reading]:
    """One reading a picture; a picture on which the scorer raises is `failed`."""
    try:
        readings = scorer.score(pictures)
        _check(scorer, readings, len(pictures))
        return readings
    except Exception as error:
        if len(pictures) == 1:
            return [failure(scorer, error)]
    _free_memory()
    middle = len(pictures) // 2
    return score_images(scorer, pictures[:middle]) + score_images(scorer, pictures[middle:])


def score_set(scorer: Scorer, pictures: Sequence[Picture]) -> Reading:
    """The one reading of a set scorer on a whole set; `failed` when it raises."""
    try:
        readings = scorer.score(pictures)
        _check(scorer, readings, 1)
        return readings[0]
    except Exception as error:
        return failure(scorer, error)


def read(scorer: Scorer, pictures: Sequence[Picture]) -> bool:
    """Whether a set scorer has read these pictures and needs their pixels no longer.

    One that raises keeps the pixels: it then raises again when its set is judged, which is told.
    """
    try:
        return base.read(scorer, pictures)
    except Exception as error:
        log.debug("scorer %s could not read ahead", scorer.name, exc_info=error)
        return False


def failure(scorer: Scorer, error: Exception) -> Reading:
    """The reading that stands for an exception, with its traceback as evidence."""
    if isinstance(error, Unavailable):
        return Reading.none(scorer.metrics, "unavailable", f"{error.message}: {error.hint}")
    log.debug("scorer %s failed", scorer.name, exc_info=error)
    trace = "".join(traceback.format_exception(error))[-4000:]
    reason = f"{type(error).__name__}: {error}"[:500]
    return Reading.none(scorer.metrics, "failed", reason, {"traceback": trace})


def _check(scorer: Scorer, readings: Sequence[Reading], expected: int) -> None:
    if len(readings) != expected:
        raise ValueError(f"{scorer.name} answered {len(readings)} readings for {expected}")
    declared = {metric.name for metric in scorer.metrics}
    for reading in readings:
        answered = {*reading.values, *reading.missing}
        if answered != declared:
            raise ValueError(
                f"{scorer.name} must answer {sorted(declared)}, got {sorted(answered)}"
            )
        reading.written()  # it can be stored


def _free_memory() -> None:
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        torch.cuda.empty_cache()
