"""The engine of a run: this machine, or a Ray cluster, behind one face."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Protocol

from iqmetrics.engines import apart, local, tasks
from iqmetrics.engines.book import Book
from iqmetrics.engines.work import Finished, ImageWork
from iqmetrics.engines.worker import Orders
from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.images import Picture
from iqmetrics.pipeline import device, grids, one_process, shards, suspects, thumbnails
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.progress import Progress, staged
from iqmetrics.pipeline.settings import Settings
from iqmetrics.remote import is_remote
from iqmetrics.scorers import base
from iqmetrics.store import Store

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
    alone = pictures is not None or settings.scorers or store.path is None
    if not work or alone or suspects.part(store, work)[0]:
        yield _Local(work, scorers, store, settings, progress, pictures)
        return
    many = scorers, work.scorers()
    with ExitStack() as unused:
        early = shards.early(*many, len(work)) if device.likely(settings.device) else None
        if early:
            unused.callback(early.close, 0)
        chosen = device.choose(settings.device)
        spots = shards.places(chosen, len(work))
        if len(spots) < 2:
            unused.close()
            yield _Local(work, scorers, store, settings, progress, pictures)
            return
        several = shards.Shards(spots, *many, store, settings.workers, early)
        with closing(several):
            yield _Several(several, chosen, progress)


class _Several:
    def __init__(self, several: shards.Shards, chosen: str, progress: Progress) -> None:
        self.device = chosen
        with staged(progress, one_process.LOADING, 1):
            self.unavailable: Mapping[str, str] = several.unavailable
        self._several, self._progress = several, progress

    def run(self, work: Pending) -> Finished:
        return self._several.run(work, self._progress)


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
        asked = bool(settings.scorers)
        self.unavailable: Mapping[str, str] = one_process.load(
            scorers, work.scorers(), self.device, asked, progress
        )
        self._scorers, self._store, self._progress = scorers, store, progress
        self._pictures, self._workers = pictures, settings.workers

    def run(self, work: Pending) -> Finished:
        if self._pictures:
            return self._here(work, ((p.record, p) for p in self._pictures))
        before, work = suspects.part(self._store, work)
        finished = Finished()
        if before and (book := self._apart(before)) is not None:
            finished = book.finished
        elif before:
            work = suspects.joined(before, work)
        if not finished.interrupted:
            records = [image.record for image in work.images]
            rest = self._here(work, one_process.decode(records, self._workers, self.device))
            finished.problems.update(rest.problems)
            finished.interrupted = rest.interrupted
        return finished

    def _here(self, work: Pending, decoded: Iterator[local.Decoded]) -> Finished:
        works = {image.record.image: image for image in work.images}

        now: dict[int, Sequence[Picture]] = {}
        noting = Lock()

        def look(pictures: Sequence[Picture]) -> None:
            with noting:
                now[get_ident()] = pictures
                suspects.begin(self._store, [p for some in now.values() for p in some])
            thumbnails.keep(self._store, pictures)

        scored = works, work.sets, decoded, self._scorers, self.device
        finished = one_process.score(*scored, self._store.add, look, self._progress)
        suspects.end(self._store)
        return finished

    def _apart(self, work: Pending) -> Book | None:
        """Score what ended a process before in one that may end; None if there can be none."""
        known = {n: s for n, s in self._scorers.items() if n not in self.unavailable}
        orders = _orders(known, work, self.device, 1)
        with staged(self._progress, "scoring apart", len(work)):
            book = _book(work, orders, self._store, self._progress)
            done = True
            try:
                done = apart.run(book, orders)
            except KeyboardInterrupt:
                book.finished.interrupted = True
        if not done:
            return None
        if not book.finished.interrupted:
            suspects.remember(self._store, book.fatal)
        return book


@contextmanager
def _ray(
    work: Pending, scorers: Scorers, store: Store, settings: Settings, progress: Progress
) -> Iterator[Engine]:
    from iqmetrics.engines import ray
    from iqmetrics.engines.ray_cluster import Cluster

    with Cluster(settings.address) as cluster:
        share = cluster.share(settings.device, settings.workers)
        orders = _orders(scorers, work, share.device, share.cpus)
        most = -(-len(work) // orders.batch)
        share = replace(share, actors=max(1, min(share.actors, most)))
        with ray.Crew(cluster, share, orders) as crew:
            unavailable = crew.greet()
            if settings.scorers and unavailable:
                fact, _, hint = next(iter(unavailable.values())).rpartition(": ")
                raise Unavailable(fact, hint)
            yield _Ray(crew, orders, store, progress)


class _Ray:
    def __init__(self, crew: "Crew", orders: Orders, store: Store, progress: Progress) -> None:
        self.device = orders.device
        self.unavailable = crew.unavailable
        self._crew, self._orders = crew, orders
        self._store, self._progress = store, progress

    def run(self, work: Pending) -> Finished:
        with staged(self._progress, "scoring", len(work)):
            book = _book(work, self._orders, self._store, self._progress)
            try:
                self._crew.run(book)
            except KeyboardInterrupt:
                book.finished.interrupted = True
        if not book.finished.interrupted:
            suspects.remember(self._store, book.fatal)
        return book.finished


def _orders(scorers: Scorers, work: Pending, chosen: str, workers: int) -> Orders:
    return Orders(
        scorers=scorers,
        needed=tuple(name for name in work.scorers() if name in scorers),
        device=chosen,
        workers=workers,
        batch=local.BATCH[chosen],
        cut=grids.cut,
        look=thumbnails.made,
        environment={name: os.environ[name] for name in TOLD if name in os.environ},
    )


def _book(work: Pending, orders: Orders, store: Store, progress: Progress) -> Book:
    works = [_placed(image) for image in work.images]
    return Book(
        deque(tasks.mixed(tasks.plan(works, work.sets, orders.batch))),
        orders.scorers,
        store.add,
        store.add_thumbnails,
        progress.advance,
        _only_decode,
    )


def _placed(work: ImageWork) -> ImageWork:
    """The same work for a process that stands in another folder."""
    path = work.record.path
    if is_remote(path) or os.path.isabs(path):
        return work
    return replace(work, record=replace(work.record, path=os.path.abspath(path)))


def _only_decode(task: tasks.Task) -> tasks.Done:
    decoded = one_process.decode([image.record for image in task.works], 1, "cpu")
    return tasks.do(task, decoded, {}, lambda pictures: (), local.BATCH["cpu"])
