"""Work cut into tasks that another process can do, and cut again when that process dies.

A task is done by the local engine, wherever it runs: the same pictures meet the same scorers. One
that is lost with its process is split until what killed it stands alone; that one outcome is then
written as `failed`, and everything else was scored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from iqmetrics.engines import local
from iqmetrics.engines.work import ImageWork, Outcomes, SetWork
from iqmetrics.images import Picture
from iqmetrics.records import Missing, Reading
from iqmetrics.scorers.base import Scorer

WHOLE_SET = 4
"""A set of up to so many batches travels with its images; a larger one is decoded once more."""

GOLDEN = (5**0.5 - 1) / 2
"""Steps of this share of a circle come as evenly over all of it as steps can, however many."""
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Task:
    """Some images with what they need, and sets all of whose members are among them.

    `retried` is set on what was lost before and cannot be the fault of anything else.
    """

    works: tuple[ImageWork, ...]
    sets: tuple[SetWork, ...] = ()
    retried: bool = False

    def parts(self) -> list["Task"]:
        """The same work in smaller tasks: images alone, then one scorer at a time; [] if atomic."""
        wanted = [work for work in self.works if work.todo]
        if len(wanted) + len(self.sets) > 1:
            by_image = {work.record.image: work for work in self.works}
            alone = [Task((work,), retried=True) for work in wanted]
            return alone + [_of_set(one, by_image, retried=True) for one in self.sets]
        if len(wanted) == 1 and len(wanted[0].todo) > 1:
            (work,) = wanted
            return [
                Task((_with_todo(work, {name: key}),), retried=True)
                for name, key in work.todo.items()
            ]
        return []


@dataclass(slots=True)
class Done:
    """What a task gave: outcomes, images without a picture, and what `look` made of the rest."""

    outcomes: list[tuple[bytes, str, Reading]] = field(default_factory=list)
    problems: dict[str, Missing] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)


def plan(works: Iterable[ImageWork], sets: Sequence[SetWork], batch: int) -> list[Task]:
    """Tasks of about `batch` images, in order; sets stay whole.

    Example:
        >>> from iqmetrics.records import ImageRecord
        >>> works = [ImageWork(ImageRecord(n, n), {"size": b""}, b"") for n in "abcde"]
        >>> pair = SetWork("diversity", lambda records: b"", frozenset("bc"))
        >>> tasks = plan(works, [pair], batch=2)
        >>> ["".join(work.record.image for work in task.works) for task in tasks]
        ['abc', 'de']
    """
    by_image = {work.record.image: work for work in works}
    small = [one for one in sets if len(one.images) <= WHOLE_SET * batch]
    members = {image for one in small for image in one.images}
    shown = [image for image, work in by_image.items() if work.todo or image in members]
    tasks: list[Task] = []
    images: list[ImageWork] = []
    inside: list[SetWork] = []
    for group, of_group in together(shown, small):
        images += [by_image[image] for image in group]
        inside += of_group
        if len(images) >= batch:
            tasks.append(Task(tuple(images), tuple(inside)))
            images, inside = [], []
    if images:
        tasks.append(Task(tuple(images), tuple(inside)))
    return tasks + [_of_set(one, by_image) for one in sets if one not in small]


def do(
    task: Task,
    decoded: Iterable[local.Decoded],
    scorers: Mapping[str, Scorer],
    look: Callable[[Sequence[Picture]], Sequence[Any]],
    batch: int,
) -> Done:
    """Do a task in this process, by the local engine."""
    done = Done()

    def save(outcomes: Outcomes) -> None:
        done.outcomes += outcomes

    def see(pictures: Sequence[Picture]) -> None:
        done.seen += look(pictures)

    works = {work.record.image: work for work in task.works}
    finished = local.run(decoded, works, task.sets, scorers, save, see, batch)
    if finished.interrupted:
        raise KeyboardInterrupt
    done.problems = finished.problems
    return done


def lost(task: Task, scorers: Mapping[str, Scorer], undecoded: Iterable[str], how: str) -> Outcomes:
    """The outcomes of an atomic task that nobody survived.

    Args:
        task: one image with one scorer, or one set.
        scorers: what the metrics are.
        undecoded: members of the set that no scorer could see.
        how: what became of the process.
    """
    gone = set(undecoded)
    found = []
    for work in task.works:
        for name, key in work.todo.items():
            found.append((key, name, crash(scorers[name], "this image", how)))
    for one in task.sets:
        members = [w.record for w in task.works if w.record.image not in gone]
        if members:
            reading = crash(scorers[one.scorer], "this set", how)
            found.append((one.key(members), one.scorer, reading))
    return found


def crash(scorer: Scorer, what: str, how: str) -> Reading:
    """The reading that stands for a scorer that took its process down."""
    return Reading.none(scorer.metrics, "failed", f"{how} while {scorer.name} judged {what}")


def _of_set(one: SetWork, by_image: Mapping[str, ImageWork], retried: bool = False) -> Task:
    members = (by_image[image] for image in sorted(one.images))
    return Task(tuple(_with_todo(work, {}) for work in members), (one,), retried)


def _with_todo(work: ImageWork, todo: Mapping[str, bytes]) -> ImageWork:
    return ImageWork(work.record, todo, work.problem_key)


def mixed(parts: Iterable[Part]) -> list[Part]:
    """The same parts of the work, of which any few that follow each other are from everywhere.

    Images of one model, and of one prompt, stand together, and some take longer than others: at the
    same time they would keep all processes waiting for one thing, and leave another idle. A run
    that is stopped has then seen something of every model, too.
    """
    each = list(parts)
    places = sorted(range(len(each)), key=lambda place: place * GOLDEN % 1)
    return [each[place] for place in places]


def together(
    images: Iterable[str], sets: Sequence[SetWork]
) -> Iterator[tuple[list[str], list[SetWork]]]:
    """Images that share a set, with the sets they make up; an image in no set stands alone."""
    of: dict[str, list[int]] = {}
    for number, one in enumerate(sets):
        for image in one.images:
            of.setdefault(image, []).append(number)
    taken: set[str] = set()
    used: set[int] = set()
    for image in images:
        if image in taken:
            continue
        group, todo = dict.fromkeys([image]), [image]
        numbers: dict[int, None] = {}
        while todo:
            for number in of.get(todo.pop(), ()):
                if number not in used:
                    used.add(number)
                    numbers[number] = None
                    new = sorted(image for image in sets[number].images if image not in group)
                    group.update(dict.fromkeys(new))
                    todo += new
        taken.update(group)
        yield list(group), [sets[number] for number in numbers]
