"""The engine of a run: this machine, or a Ray cluster, behind one face."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from iqmetrics.engines import local, tasks
from iqmetrics.engines.work import Finished, ImageWork
from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.images import Picture
from iqmetrics.pipeline import device, grids, thumbnails
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.progress import Progress, track
from iqmetrics.pipeline.settings import Settings
from iqmetrics.scorers import base
from iqmetrics.store import Store
from iqmetrics.workers import decode_all

if TYPE_CHECKING:
    from iqmetrics.engines.ray import Crew

Scorers = Mapping[str, base.Scorer]
ENGINES = ("local", "ray")
TOLD = ("IQM_ALLOW_DOWNLOAD",)
"""Environment variables that hold on every machine of a cluster."""


class Engine(Protocol):
    """Scorers that are loaded somewhere; `unavailable` maps those that could not be to why."""

    device: str
    unavailable: Mapping[str, str]

    def run(self, work: Pending) -> Finished:
        """Score what is left."""


def start(
    work: Pending,
    scorers: Scorers,
    store: Store,
    settings: Settings,
    progress: Progress,
    pictures: Sequence[Picture] | None = None,
) -> AbstractContextManager[Engine]:
    """Load the scorers that are needed where they will run.

    Raises:
        UnknownName: there is no such engine.
        Unavailable: a scorer that was asked for by name, or ray, cannot be loaded.
        BadInput: a cluster that does not answer, or is given images in memory.
    """
    if settings.engine not in ENGINES:
        raise UnknownName("engine", settings.engine, ENGINES)
    if settings.engine == "local" and settings.address:
        raise BadInput(f"what should the local engine do with {settings.address}?", "--engine ray")
    if settings.engine == "local" or not (work or work.sets):
        return _local(work, scorers, store, settings, progress, pictures)
    if pictures is not None:
        raise BadInput("images in memory are not sent to a cluster", "Score them with engine=local")
    return _ray(work, scorers, store, settings, progress)


@contextmanager
def _local(
    work: Pending,
    scorers: Scorers,
    store: Store,
    settings: Settings,
    progress: Progress,
    pictures: Sequence[Picture] | None,
) -> Iterator[Engine]:
    yield _Local(work, scorers, store, settings, progress, pictures)


class _Local:
    def __init__(
        self,
        work: Pending,
        scorers: Scorers,
        store: Store,
        settings: Settings,
        progress: Progress,
        pictures: Sequence[Picture] | None,
    ) -> None:
        self.device = device.choose(settings.device) if work else "cpu"
        self.unavailable: Mapping[str, str] = {}
        for name in work.scorers():
            try:
                base.load(scorers[name], self.device)
            except Unavailable as error:
                if settings.scorers:
                    raise
                self.unavailable = {**self.unavailable, name: f"{error.message}: {error.hint}"}
        self._scorers, self._store, self._progress = scorers, store, progress
        self._pictures, self._workers = pictures, settings.workers

    def run(self, work: Pending) -> Finished:
        works = {image.record.image: image for image in work.images}
        decoded = (
            ((p.record, p) for p in self._pictures)
            if self._pictures
            else _decode(work.images, self._workers)
        )
        with closing(track(self._progress, "scoring", len(works), decoded)) as watched:
            wanted = (item for item in watched if item[0].image in works)
            look = partial(thumbnails.keep, self._store)
            batch = local.BATCH[self.device]
            return local.run(wanted, works, work.sets, self._scorers, self._store.add, look, batch)


@contextmanager
def _ray(
    work: Pending, scorers: Scorers, store: Store, settings: Settings, progress: Progress
) -> Iterator[Engine]:
    from iqmetrics.engines import ray
    from iqmetrics.engines.ray_cluster import Cluster
    from iqmetrics.engines.ray_worker import Orders

    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster(settings.address))
        share = cluster.share(settings.device, settings.workers)
        orders = Orders(
            scorers=scorers,
            needed=tuple(work.scorers()),
            device=share.device,
            workers=share.cpus,
            batch=local.BATCH[share.device],
            cut=grids.cut,
            look=thumbnails.made,
            environment={name: os.environ[name] for name in TOLD if name in os.environ},
        )
        most = -(-len(work) // orders.batch)
        share = replace(share, actors=max(1, min(share.actors, most)))
        crew = stack.enter_context(ray.Crew(cluster, share, orders))
        crew.greet()
        if settings.scorers and crew.unavailable:
            raise Unavailable(*next(iter(crew.unavailable.values())).rsplit(": ", 1))
        yield _Ray(crew, share.device, store, progress)


class _Ray:
    def __init__(self, crew: "Crew", chosen: str, store: Store, progress: Progress) -> None:
        self.device = chosen
        self._crew, self._store, self._progress = crew, store, progress
        self.unavailable: Mapping[str, str] = crew.unavailable

    def run(self, work: Pending) -> Finished:
        works = {}
        for image in work.images:  # another process, on another machine, stands elsewhere
            record = replace(image.record, path=os.path.abspath(image.record.path))
            works[record.image] = replace(image, record=record)
        self._progress.start("scoring", len(works))
        try:
            return self._crew.run(
                works,
                work.sets,
                self._store.add,
                self._store.add_thumbnails,
                self._progress.advance,
                _only_decode,
            )
        finally:
            self._progress.finish()


def _decode(works: Sequence[ImageWork], workers: int | None) -> Iterator[local.Decoded]:
    return grids.cut(decode_all([image.record for image in works], workers=workers))


def _only_decode(task: tasks.Task) -> tasks.Done:
    return tasks.do(task, _decode(task.works, 1), {}, lambda pictures: (), local.BATCH["cpu"])
