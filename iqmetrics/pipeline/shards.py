"""Several scoring processes on one machine: some to each GPU, every one with decoders of its own.

One process cannot feed a fast GPU: what Python does around the nets would be the limit. Each asks
for a portion of the images when it is done with the one before, and sends what it finds to this
process, which writes it at once: a run that is stopped goes on from what is there.
"""

import os
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection, wait
from typing import Any

from iqmetrics import weights
from iqmetrics.engines.crew import cores
from iqmetrics.engines.tasks import mixed
from iqmetrics.engines.work import Finished
from iqmetrics.pipeline import mps
from iqmetrics.pipeline.dealing import portions
from iqmetrics.pipeline.nursery import Nursery
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.progress import Progress
from iqmetrics.pipeline.writing import Writer
from iqmetrics.scorers import base
from iqmetrics.scorers.base import Scorer
from iqmetrics.store import Store

PER_GPU = 8
"""Scoring processes for one GPU at most."""
MEMORY = 9 << 30
"""Bytes of GPU memory for each of them."""
CORES = 2
"""Cores for each of them, its decoders included."""
WORTH = 64
"""Images for each of them, at least: starting one takes as long as scoring some hundred."""

ENDED = "a scoring process ended; run again: what is done already is kept"

ON_A_GPU = {"OMP_NUM_THREADS": "1", "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}
"""Environment of a process on a GPU: one thread; memory that grows instead of lying in pieces, of
which batches of many sizes would leave half unused."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one process scores: "cpu" or "cuda", and the GPU's number or id there."""

    device: str
    gpu: str = ""


def places(device: str, images: int) -> list[Place]:
    """A place for each process that `images` are worth; one or none means: score in this one."""
    if device != "cuda" or not _several(images):
        return []
    import torch

    count = torch.cuda.device_count()
    names = [n for n in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if n.strip()]
    gpus = names[:count] or [str(number) for number in range(count)]
    memory = min(torch.cuda.get_device_properties(n).total_memory for n in range(count))
    each = min(PER_GPU, memory // MEMORY, cores() // (CORES * count))
    wanted = min(max(1, each) * count, images // WORTH)
    return [Place("cuda", gpus[number % count]) for number in range(wanted)]


def early(scorers: Mapping[str, Scorer], names: Sequence[str], images: int) -> Nursery | None:
    """Imports for processes on GPUs, begun while it is found out what GPUs there are.

    None where `images` are not worth several processes.
    """
    if not _several(images):
        return None
    return _on_gpus(scorers, names)


class Shards:
    """Scoring processes that are loading, then working; close them in any case.

    A scorer that is required is loaded by the caller first, or the caller looks at `unavailable`.

    Args:
        spots: where each process scores.
        scorers: scorers that are not loaded, by name.
        names: those that are needed.
        store: where what they find is written, until they are closed.
        workers: decoding processes of all of them together; None = as many as there are cores, for
            a scoring process often waits for its GPU.
        nursery: one that was started `early`; its own if None.
    """

    def __init__(
        self,
        spots: Sequence[Place],
        scorers: Mapping[str, Scorer],
        names: Sequence[str],
        store: Store,
        workers: int | None,
        nursery: Nursery | None = None,
    ) -> None:
        decoding = -(-(workers or cores()) // len(spots))
        pickled = pickle.dumps(dict(scorers))
        beside = Counter(spot.gpu for spot in spots)
        self._sharing = ExitStack()
        gpus = [gpu for gpu in beside if gpu]
        self._nursery = nursery or (_on_gpus(scorers, names) if gpus else Nursery([], {}))
        shared = self._sharing.enter_context(mps.together(gpus)) if gpus else {}
        own: list[dict[str, str]] = []
        for spot in spots:
            seen = str(gpus.index(spot.gpu)) if shared else spot.gpu
            own.append({"CUDA_VISIBLE_DEVICES": seen, **shared} if spot.gpu else {})
        self._links = self._nursery.born(own)
        self._asking: list[Connection] = []
        self._writer = Writer(store)
        for number, (link, spot) in enumerate(zip(self._links, spots, strict=True)):
            where = decoding, spot.device, 1 / beside[spot.gpu]
            with suppress(OSError):  # it has ended: told by `unavailable`
                link.send((pickled, turned(names, number), *where))
            self._writer.serve(link)
        self._writer.start()

    @cached_property
    def unavailable(self) -> dict[str, str]:
        """Why each scorer that cannot be loaded is not there; waits until all have loaded.

        Raises:
            RuntimeError: a process ended.
        """
        missing: dict[str, str] = {}
        for link in self._links:
            kind, what = _receive(link)
            while kind == "more":  # asked for ahead: there is none before all are ready
                self._asking.append(link)
                kind, what = _receive(link)
            missing |= what
        return missing

    def run(self, work: Pending, progress: Progress) -> Finished:
        """Have the work done; ^C ends it after the batches that are being scored.

        Raises:
            RuntimeError: a process ended before its share was done (what it did is in the store).
            BadInput: the store cannot be written.
        """
        assert self.unavailable is not None  # all are ready
        left = iter(mixed(portions(work)))
        finished, open_ = Finished(), set(self._links)
        progress.start("scoring", len(work))
        try:
            for link in self._asking:
                _send(link, next(left, None))
            while open_:
                for link in [link for link in wait(list(open_)) if isinstance(link, Connection)]:
                    kind, what = _receive(link)
                    if kind == "step":
                        progress.advance(what)
                    elif kind == "more":
                        _send(link, next(left, None))
                    else:
                        open_.discard(link)
                        finished.problems.update(what)
            self._writer.finish()
        except KeyboardInterrupt:
            finished.interrupted = True
        except RuntimeError as ended:
            if self._writer.failed:
                raise self._writer.failed from ended
            raise
        finally:
            progress.finish()
        return finished

    def close(self) -> None:
        """End the processes, each after the scorer that it is at; what they found is written."""
        for link in self._links:
            link.close()
        self._nursery.close()
        self._sharing.close()
        self._writer.finish()


def turned(names: Sequence[str], number: int) -> list[str]:
    """Each process begins with another scorer: they compile kernels for each other's GPU nets."""
    first = number % max(1, len(names))
    return [*names[first:], *names[:first]]


def _several(images: int) -> bool:
    """Whether so many are worth several processes, and this system can have them."""
    return images >= 2 * WORTH and hasattr(os, "pidfd_open")


def _on_gpus(scorers: Mapping[str, Scorer], names: Sequence[str]) -> Nursery:
    """It imports what those scorers need whose weights are here: the others will not load."""
    able = [scorers[n] for n in names if all(map(weights.has, base.weights(scorers[n])))]
    modules = {module for scorer in able for module in base.imports(scorer)}
    return Nursery(["torch", *sorted(modules)], ON_A_GPU)


def _send(link: Connection, portion: Pending | None) -> None:
    try:
        link.send(portion)
    except OSError as error:
        raise RuntimeError(ENDED) from error


def _receive(link: Connection) -> tuple[str, Any]:
    try:
        kind, what = link.recv()
    except (EOFError, OSError) as error:
        raise RuntimeError(ENDED) from error
    if kind == "error":
        raise RuntimeError(f"a scoring process failed:\n{what}")
    return kind, what
