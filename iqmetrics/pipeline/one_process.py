"""Decoding and scoring of some work in this process, into an open store."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Lock

from iqmetrics.engines import crew, local
from iqmetrics.engines.work import Finished, ImageWork, SetWork
from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.pipeline import grids, thumbnails
from iqmetrics.pipeline.progress import Progress, track
from iqmetrics.records import ImageRecord
from iqmetrics.scorers import base
from iqmetrics.store import Store
from iqmetrics.workers import decode_all


def load(
    scorers: dict[str, base.Scorer], names: Sequence[str], device: str, required: bool
) -> dict[str, str]:
    """Load what is needed; why each scorer that could not be loaded is not there.

    Raises:
        Unavailable: a scorer cannot be loaded and all are `required`.
    """
    missing = {}
    for name in names:
        try:
            base.load(scorers[name], device)
        except Unavailable as error:
            if required:
                raise
            missing[name] = f"{error.message}: {error.hint}"
    return missing


def decode(records: Iterable[ImageRecord], workers: int | None) -> Iterator[local.Decoded]:
    """The pictures, as decoding processes give them."""
    return grids.cut(decode_all(records, workers=workers))


class Here:
    """Scorers that are loaded in this process.

    Attributes:
        device: where they run, "cpu" or "cuda".
        unavailable: why each scorer that cannot be loaded is not there.
    """

    def __init__(
        self, scorers: dict[str, base.Scorer], names: Sequence[str], device: str, required: bool
    ) -> None:
        self.device = device
        self.unavailable = load(scorers, names, device, required)
        self._scorers = scorers

    def run(
        self,
        works: Mapping[str, ImageWork],
        sets: Sequence[SetWork],
        decoded: Iterator[local.Decoded],
        store: Store,
        progress: Progress,
    ) -> Finished:
        """Score what is decoded, into an open store; see `engines.local.run`."""
        with closing(track(progress, "scoring", len(works), decoded)) as watched:
            wanted = (item for item in watched if item[0].image in works)
            at_once = local.BATCH[self.device], crew.threads(self.device)
            with _Beside(partial(thumbnails.keep, store)) as keep:
                return local.run(wanted, works, sets, self._scorers, store.add, keep, *at_once)


class _Beside:
    """Looks at a batch in a thread of its own while others score it, one batch at a time.

    Any thread may call it. What it raises is raised with the next batch, or at the end.
    """

    def __init__(self, look: Callable[[Sequence[Picture]], None]) -> None:
        self._look = look
        self._pool = ThreadPoolExecutor(1, "iqm-look")
        self._looking: Future[None] | None = None
        self._turn = Lock()

    def __call__(self, pictures: Sequence[Picture]) -> None:
        """Look at this batch once the last one was looked at."""
        with self._turn:
            if self._looking is not None:
                self._looking.result()
            self._looking = self._pool.submit(self._look, pictures)

    def __enter__(self) -> "_Beside":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._pool.shutdown()
        if kind is None and self._looking is not None:
            self._looking.result()
