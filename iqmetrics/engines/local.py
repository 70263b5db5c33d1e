"""Feeds every scorer from one decoding of each image, on this machine.

Workers decode ahead while threads of this process score, each a batch of its own. A batch is shown
to each scorer that still lacks an outcome for its pictures, and the outcomes are given to `save`
before the next scorer sees it. Pictures that a set scorer waits for are held until their set is
complete.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import islice

from iqmetrics.engines import safely
from iqmetrics.engines.crew import Crew
from iqmetrics.engines.work import Finished, ImageWork, Save, SetWork
from iqmetrics.errors import ImageProblem
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord, Missing, Reading
from iqmetrics.scorers.base import Scorer

Decoded = tuple[ImageRecord, Picture | ImageProblem]

BATCH = {"cpu": 8, "cuda": 64}
"""Most pictures shown to a scorer at once, by device."""
PICTURE_PIXELS = 1_500_000
"""A batch is also full at so many pixels a picture: large pictures come in smaller batches."""
PASSING = ("unreadable", "timeout")
"""What may be over by the next run (a locked file, a busy machine) and is tried again then, unless
the bytes themselves are to blame."""


def run(
    decoded: Iterable[Decoded],
    works: Mapping[str, ImageWork],
    sets: Sequence[SetWork],
    scorers: Mapping[str, Scorer],
    save: Save,
    look: Callable[[Sequence[Picture]], None] = lambda pictures: None,
    batch: int = BATCH["cpu"],
    threads: int = 1,
    advance: Callable[[int], None] = lambda count: None,
) -> Finished:
    """Score a stream of decoded images.

    Args:
        decoded: records of `works` with their picture, or with why there is none, in any order.
        works: what each image still needs, by `ImageRecord.image`.
        sets: sets to judge once all their members were decoded. Both may grow: what an image needs,
            and its sets, are there before it is decoded.
        scorers: loaded scorers by name.
        save: commits outcomes; called from every thread.
        look: sees every decoded batch (the report keeps thumbnails), from every thread.
        batch: most pictures shown to a scorer at once.
        threads: batches scored at once; a scorer that is not `concurrent` sees one at a time.
        advance: told how many more images are done.
    """
    finished = Finished()
    waiting = _Waiting(sets, scorers)
    try:
        crew = Crew(threads, scorers)
        batches = _batches(decoded, works, save, finished, batch, advance)
        with closing(crew.ahead(batches, partial(_score_batch, works, crew, save, look))) as scored:
            for pictures in scored:
                for work, members in waiting.complete(pictures, finished.problems):
                    reading = safely.score_set(scorers[work.scorer], members)
                    save([(work.key([p.record for p in members]), work.scorer, reading)])
                advance(len(pictures))
    except KeyboardInterrupt:
        finished.interrupted = True
    return finished


def _score_batch(
    works: Mapping[str, ImageWork],
    crew: Crew,
    save: Save,
    look: Callable[[Sequence[Picture]], None],
    pictures: Sequence[Picture],
) -> None:
    look(pictures)
    for name, scorer in crew.scorers():
        chosen = [p for p in pictures if name in works[p.record.image].todo]
        if chosen:
            readings = safely.score_images(scorer, chosen)
            keys = (works[p.record.image].todo[name] for p in chosen)
            save([(key, name, reading) for key, reading in zip(keys, readings, strict=True)])


def _batches(
    decoded: Iterable[Decoded],
    works: Mapping[str, ImageWork],
    save: Save,
    finished: Finished,
    batch: int,
    advance: Callable[[int], None],
) -> Iterator[list[Picture]]:
    pictures: list[Picture] = []
    pixels = 0
    for record, result in decoded:
        if isinstance(result, ImageProblem):
            missing = Missing(result.status, result.reason)
            finished.problems[record.image] = missing
            if result.lasting or result.status not in PASSING:
                save([(works[record.image].problem_key, "image", Reading({}, {"image": missing}))])
            advance(1)
            continue
        size = result.width * result.height
        if pictures and (len(pictures) >= batch or pixels + size > batch * PICTURE_PIXELS):
            yield pictures
            pictures, pixels = [], 0
        pictures.append(result)
        pixels += size
    yield pictures  # the last one may be empty: sets whose other members failed end here


class _Waiting:
    """Pictures held for sets that are not complete yet, without pixels where nobody needs them."""

    def __init__(self, sets: Sequence[SetWork], scorers: Mapping[str, Scorer]) -> None:
        self._scorers = scorers
        self._sets = sets
        self._known = 0
        self._open: dict[int, set[str]] = {}
        self._of: dict[str, list[int]] = {}
        self._held: dict[str, Picture] = {}
        self._lost = 0

    def _meet(self) -> None:
        """Take up the sets that are new."""
        first, self._known = self._known, len(self._sets)
        for number in range(first, self._known):
            self._open[number] = set(self._sets[number].images)
            for image in self._open[number]:
                self._of.setdefault(image, []).append(number)

    def complete(
        self, pictures: Sequence[Picture], problems: Mapping[str, Missing]
    ) -> Iterator[tuple[SetWork, list[Picture]]]:
        """Sets that these pictures, and images newly found undecodable, make complete."""
        self._meet()
        lost = list(islice(problems, self._lost, None))
        self._lost = len(problems)
        self._hold([p for p in pictures if p.record.image in self._of])
        for image in [*lost, *(p.record.image for p in pictures)]:
            for number in tuple(self._of.get(image, ())):
                self._open[number].discard(image)
                if not self._open[number]:
                    work = self._sets[number]
                    members = [self._held[i] for i in sorted(work.images) if i in self._held]
                    if members:
                        yield work, members
                    self._release(number)

    def _hold(self, pictures: Sequence[Picture]) -> None:
        self._held.update((p.record.image, p) for p in pictures)
        wanted: dict[str, list[Picture]] = {}
        for p in pictures:
            for name in {self._sets[number].scorer for number in self._of[p.record.image]}:
                wanted.setdefault(name, []).append(p)
        bulky = {
            p.record.image
            for name, theirs in wanted.items()
            if not safely.read(self._scorers[name], theirs)
            for p in theirs
        }
        for p in pictures:
            if p.record.image not in bulky:
                self._held[p.record.image] = p.remembered()

    def _release(self, number: int) -> None:
        del self._open[number]
        for image in self._sets[number].images:
            self._of[image].remove(number)
            if not self._of[image]:
                self._held.pop(image, None)
