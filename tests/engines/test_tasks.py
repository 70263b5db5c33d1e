"""Tasks: sets stay whole, nothing is left out, and what is lost is split down to one outcome."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from factory import Toy, picture

from iqmetrics.engines import tasks
from iqmetrics.engines.tasks import Task
from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.errors import ImageProblem
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord, Metric, Reading


def work(name: str, *scorers: str) -> ImageWork:
    todo = {scorer: f"{scorer}/{name}".encode() for scorer in scorers}
    return ImageWork(ImageRecord(name, name), todo, b"problem/" + name.encode())


def joined(records: Sequence[ImageRecord]) -> bytes:
    return "".join(sorted(record.image for record in records)).encode()


def group(images: str, scorer: str = "set") -> SetWork:
    return SetWork(scorer, joined, frozenset(images))


def names(task: Task) -> str:
    return "".join(one.record.image for one in task.works)


def test_images_come_in_order_in_batches() -> None:
    planned = tasks.plan([work(n, "toy") for n in "abcdefg"], (), batch=3)
    assert [names(task) for task in planned] == ["abc", "def", "g"]


def test_a_set_travels_with_all_its_members() -> None:
    works = [work(n, "toy") for n in "abcdefg"]
    planned = tasks.plan(works, [group("bcd"), group("fg")], batch=2)
    assert [names(task) for task in planned] == ["abcd", "efg"]
    assert [[one.images for one in task.sets] for task in planned] == [
        [frozenset("bcd")],
        [frozenset("fg")],
    ]


def test_sets_that_share_members_stay_together() -> None:
    works = [work(n, "toy") for n in "abcde"]
    (task, rest) = tasks.plan(works, [group("ac", "s"), group("cd", "t")], batch=2)
    assert set(names(task)) == set("acd")
    assert {one.scorer for one in task.sets} == {"s", "t"}
    assert names(rest) == "be"


def test_a_set_of_a_model_joins_the_sets_of_its_prompts() -> None:
    works = [work(n, "toy") for n in "abcdefg"]
    sets = [group("ab", "p"), group("cd", "p"), group("abcd", "m"), group("ef", "p")]
    first, second, rest = tasks.plan(works, sets, batch=2)
    assert names(first) == "abcd" and set(first.sets) == set(sets[:3])
    assert names(second) == "ef" and second.sets == (sets[3],)
    assert names(rest) == "g"


def test_many_images_are_cut_without_looking_at_those_before_again() -> None:
    count = 300_000  # a look at all before, for each, would take half an hour
    dealt = tasks.together([str(n) for n in range(count)], [])
    assert sum(len(images) for images, _ in dealt) == count


def test_a_large_set_is_a_task_of_its_own_and_its_images_are_scored_as_others() -> None:
    works = [work(n, "toy") for n in "abcdefghi"] + [work("j")]
    planned = tasks.plan(works, [group("abcdefghij")], batch=2)
    assert [names(task) for task in planned] == ["ab", "cd", "ef", "gh", "i", "abcdefghij"]
    assert all(not one.todo for one in planned[-1].works), "scored once, not twice"
    assert len(planned[-1].sets) == 1


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 50])
def test_whatever_the_batch_every_image_and_set_is_in_exactly_one_task(batch: int) -> None:
    rng = np.random.default_rng(batch)
    works = [work(f"{n:02}", "toy") for n in range(40)]
    images = [one.record.image for one in works]
    sets = [
        SetWork("set", joined, frozenset(rng.choice(images, 1 + int(rng.integers(6)))))
        for _ in range(12)
    ]
    planned = tasks.plan(works, sets, batch)
    shown = [one.record.image for task in planned for one in task.works if one.todo]
    assert sorted(shown) == images
    assert sum(len(task.sets) for task in planned) == len(sets)
    for task in planned:
        inside = {one.record.image for one in task.works}
        assert all(one.images <= inside for one in task.sets)


def test_what_is_lost_is_split_into_images_and_sets() -> None:
    task = Task((work("a", "x", "y"), work("b", "x"), work("c")), (group("abc"),))
    parts = task.parts()
    assert [names(part) for part in parts] == ["a", "b", "abc"]
    assert [len(part.sets) for part in parts] == [0, 0, 1]
    assert all(not one.todo for one in parts[2].works)


def test_an_image_is_split_into_its_scorers_and_one_scorer_is_an_atom() -> None:
    parts = Task((work("a", "x", "y"),)).parts()
    assert [dict(part.works[0].todo) for part in parts] == [{"x": b"x/a"}, {"y": b"y/a"}]
    assert parts[0].parts() == []
    assert Task((work("a"), work("b")), (group("ab"),)).parts() == []


def test_splitting_ends_and_loses_nothing() -> None:
    task = Task(tuple(work(n, "x", "y", "z") for n in "abcd"), (group("ab"), group("cd")))
    atoms, todo = [], [task]
    while todo:
        parts = (one := todo.pop()).parts()
        todo += parts
        if not parts:
            atoms.append(one)
    outcomes = sorted(key for atom in atoms for w in atom.works for key in w.todo.values())
    assert outcomes == sorted(f"{s}/{n}".encode() for s in "xyz" for n in "abcd")
    assert sorted("".join(sorted(s.images)) for a in atoms for s in a.sets) == ["ab", "cd"]


def test_a_task_is_done_by_the_local_engine() -> None:
    broken = ImageProblem("truncated", "half a file")
    decoded = [
        (picture("a").record, picture("a", grey=7)),
        (ImageRecord("b", "b"), broken),
    ]

    def look(pictures: Sequence[Picture]) -> list[str]:
        return [p.record.image for p in pictures]

    task = Task((work("a", "toy"), work("b", "toy")))
    done = tasks.do(task, decoded, {"toy": Toy()}, look, batch=8)
    assert [(key, scorer) for key, scorer, _ in done.outcomes] == [
        (b"problem/b", "image"),
        (b"toy/a", "toy"),
    ]
    assert done.outcomes[1][2].values["toy.bad"] == 7
    assert done.problems["b"].status == "truncated"
    assert done.seen == ["a"]


def test_a_task_that_is_broken_off_is_not_done() -> None:
    """Half of its outcomes must not pass for all: the task is given back."""

    def decoded() -> Iterator[tuple[ImageRecord, Picture]]:
        one = picture("a", 1)
        yield one.record, one
        raise KeyboardInterrupt

    task = Task((work("a", "toy"), work("b", "toy")))
    with pytest.raises(KeyboardInterrupt):
        tasks.do(task, decoded(), {"toy": Toy()}, lambda pictures: (), 1)


class Set(Toy):
    name = "set"
    scope = "set"
    metrics = (Metric("set", "", 0, 1, "higher", "a set"),)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        raise AssertionError


def test_what_nobody_survived_has_a_typed_reason_for_every_metric() -> None:
    ((key, scorer, reading),) = tasks.lost(Task((work("a", "toy"),)), {"toy": Toy()}, (), "it died")
    assert (key, scorer) == (b"toy/a", "toy")
    assert reading.values == {}
    assert {m.status for m in reading.missing.values()} == {"failed"}
    assert set(reading.missing) == {"toy.good", "toy.bad"}
    assert reading.missing["toy.bad"].reason == "it died while toy judged this image"


def test_a_lost_set_is_named_by_the_members_that_could_be_seen() -> None:
    task = Task((work("a"), work("b"), work("c")), (group("abc"),))
    ((key, _, reading),) = tasks.lost(task, {"set": Set()}, ["b"], "it died")
    assert key == b"ac"
    assert reading.missing["set"].reason == "it died while set judged this set"
    assert tasks.lost(task, {"set": Set()}, "abc", "it died") == []


@pytest.mark.parametrize("count", [0, 1, 2, 20, 313, 1000])
def test_mixed_parts_are_the_same_ones(count):
    assert sorted(tasks.mixed(range(count))) == list(range(count))


@pytest.mark.parametrize("count", [20, 313, 1000])
def test_parts_that_are_at_work_together_are_from_everywhere(count):
    dealt = tasks.mixed(range(count))
    for first in range(count - 7):
        quarters = [4 * number // count for number in dealt[first : first + 8]]
        assert {quarters.count(quarter) for quarter in range(4)} <= {1, 2, 3}
