"""Decoding and scoring of some work in this process."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec

from iqmetrics.decode import empty
from iqmetrics.engines import crew, local
from iqmetrics.engines.work import Finished, ImageWork, Save, SetWork
from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.nets import pinned, stacks
from iqmetrics.pipeline import grids, thumbnails
from iqmetrics.pipeline.beside import Beside
from iqmetrics.pipeline.progress import Progress, Silent, staged, track
from iqmetrics.records import ImageRecord
from iqmetrics.scorers import base
from iqmetrics.store import Results
from iqmetrics.workers import decode_all

LOADING = "loading scorers"
"""What the stage is called in which nets are loaded, which may take half a minute."""
AHEAD = 8
"""Readings of so many scorers on a batch may wait to be written; a process that is killed loses
them."""


def load(
    scorers: Mapping[str, base.Scorer],
    names: Sequence[str],
    device: str,
    required: bool = False,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Load what is needed; why each scorer that could not be loaded is not there.

    Raises:
        Unavailable: a scorer cannot be loaded and all are `required`.
    """
    missing = {}
    told = progress if progress and names else Silent()
    for name in track(told, LOADING, len(names), names):
        try:
            base.load(scorers[name], device)
        except Unavailable as error:
            if required:
                raise
            missing[name] = f"{error.message}: {error.hint}"
    return missing


def decode(
    records: Iterable[ImageRecord], workers: int | None, device: str
) -> Iterator[local.Decoded]:
    """The pictures, as decoding processes give them, in memory that the device is quick to read."""
    gpu = device == "cuda"
    room, rows = pinned.memory if gpu else empty, gpu and find_spec("triton") is not None
    return grids.cut(decode_all(records, workers=workers, room=room, rows=rows))


def score(
    works: Mapping[str, ImageWork],
    sets: Sequence[SetWork],
    decoded: Iterator[local.Decoded],
    scorers: Mapping[str, base.Scorer],
    device: str,
    save: Save,
    look: Callable[[Sequence[Picture]], None],
    progress: Progress,
) -> Finished:
    """`engines.local.run` with as much at once as the device likes, and its progress told."""
    with staged(progress, "scoring", len(works)):
        wanted = (item for item in decoded if item[0].image in works)
        at_once = _at_once(device, len(works))
        seen = partial(_send_first, look, device) if device == "cuda" else look
        return local.run(wanted, works, sets, scorers, save, seen, *at_once, progress.advance)


def _at_once(device: str, images: int) -> tuple[int, int]:
    """Pictures in a batch, and threads, each with a batch of its own.

    On a CPU no thread is left without work while others have a full batch, or several.
    """
    threads, most = crew.threads(device), local.BATCH[device]
    if device != "cpu" or not images:
        return most, threads
    turns = -(-images // (threads * most))
    return -(-images // (threads * turns)), threads


def _send_first(
    look: Callable[[Sequence[Picture]], None], device: str, pictures: Sequence[Picture]
) -> None:
    stacks.send(pictures, device)
    look(pictures)


class Here:
    """Scorers that are loaded in this process.

    Attributes:
        device: where they run, "cpu" or "cuda".
        unavailable: why each scorer that cannot be loaded is not there.
    """

    def __init__(
        self, scorers: Mapping[str, base.Scorer], names: Sequence[str], device: str
    ) -> None:
        self.device = device
        self.unavailable = load(scorers, names, device)
        self._scorers = scorers

    def run(
        self,
        works: Mapping[str, ImageWork],
        sets: Sequence[SetWork],
        decoded: Iterator[local.Decoded],
        results: Results,
        progress: Progress,
    ) -> Finished:
        """Score what is decoded, and hand on what is found; see `engines.local.run`."""
        # Whoever scores does not wait for whoever writes.
        with Beside(partial(thumbnails.keep, results)) as keep, Beside(results.add, AHEAD) as save:
            work = works, sets, decoded
            return score(*work, self._scorers, self.device, save, keep, progress)
