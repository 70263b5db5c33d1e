"""Feeds every scorer on the machines of a Ray cluster; `ray` is imported when it is used.

Plain actors and not Ray Data: a lost task is known by name and split at once, where Ray Data either
retries for ever or drops the whole block, and readings are committed as each task ends. The driver
holds the store and ships paths; an actor has one GPU, or some CPU cores. An actor that dies, or
whose machine does, is replaced: the task it was busy with is split (`Task.parts`), those that
waited behind it are given to others as they are.
"""

import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

from iqmetrics.engines.book import ENDED, Answer, Book
from iqmetrics.engines.ray_cluster import Cluster, Share
from iqmetrics.engines.tasks import Task
from iqmetrics.engines.worker import Hello, Orders, Worker, versions
from iqmetrics.errors import BadInput, Unavailable

AHEAD = 2
"""Tasks that an actor has at a time: the second is decoded while the first is scored."""
START = 300.0
"""Seconds without a single living actor after which the run is given up."""
BAD_STARTS = 3
"""So many actors in a row that do not start end the run."""
TICK = 1.0

Ended = tuple[Task, Answer]


@dataclass(slots=True)
class _Actor:
    """One actor with the tasks that it was given, oldest first, by the reference of each answer."""

    handle: Any
    greeting: Any
    hello: Hello | None = None
    given: dict[Any, Task] = field(default_factory=dict)

    def takes(self, task: Task) -> bool:
        """What was lost before is done alone: an answer that is not yet sent dies with its actor,
        and would be blamed for the death.
        """
        return not (self.given and (task.retried or any(t.retried for t in self.given.values())))


class Crew:
    """Actors that have loaded the scorers; close it to let them go."""

    def __init__(self, cluster: Cluster, share: Share, orders: Orders) -> None:
        self._ray = cluster.ray
        self._orders = orders
        self._told = self._ray.put(orders)
        self._kind = self._ray.remote(
            num_cpus=share.cpus,
            num_gpus=share.gpus,
            max_restarts=0,
            concurrency_groups={"ahead": 1},
        )(Worker)
        self._numbers = count()
        self._bad_starts = 0
        self._alive = time.monotonic()
        self._actors = [self._hire() for _ in range(share.actors)]
        self.unavailable: Mapping[str, str] = {}
        """Scorers that could not be loaded, and why."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            with suppress(Exception):  # it may be dead already
                self._ray.kill(actor.handle)

    def greet(self) -> Mapping[str, str]:
        """Wait for the first actor; which scorers it could not load, and why.

        Raises:
            BadInput: actors do not start, or run other versions than this process.
        """
        while not any(actor.hello for actor in self._actors):
            self._wait()
        return self.unavailable

    def run(self, book: Book) -> None:
        """Do every task of the book; ^C (KeyboardInterrupt) loses nothing that was settled."""
        while book.tasks or any(actor.given for actor in self._actors):
            self._give(book.tasks)
            book.settle(self._wait())
        book.close()

    def _hire(self) -> _Actor:
        handle = self._kind.remote(self._told)
        return _Actor(handle, handle.hello.remote())

    def _give(self, todo: "deque[Task]") -> None:
        for depth in range(1, AHEAD + 1):  # everyone gets one before anyone gets two
            for actor in self._actors:
                if todo and actor.hello and len(actor.given) < depth and actor.takes(todo[0]):
                    task, number = todo.popleft(), next(self._numbers)
                    records = [work.record for work in task.works]
                    ahead = actor.handle.decode.options(concurrency_group="ahead")
                    ahead.remote(number, records)
                    actor.given[actor.handle.do.remote(number, task)] = task

    def _wait(self) -> list[Ended]:
        """What came to an end within a moment; actors that are ready are greeted meanwhile."""
        greetings = {actor.greeting: actor for actor in self._actors if actor.hello is None}
        answers = {ref: actor for actor in self._actors for ref in actor.given}
        ready, _ = self._ray.wait([*greetings, *answers], timeout=TICK)
        now = time.monotonic()
        if any(actor.hello for actor in self._actors):
            self._alive = now
        elif now - self._alive > START:
            raise BadInput(
                f"no worker of the Ray cluster answered for {START:g} s",
                "Look at it with: ray status. What was done is kept; run the same command again",
            )
        ended: list[Ended] = []
        for ref in ready:
            if ref in greetings:
                self._greeted(greetings[ref])
            elif ref in answers and ref in answers[ref].given:  # a death clears several
                ended += self._answered(answers[ref], ref)
        return ended

    def _greeted(self, actor: _Actor) -> None:
        try:
            hello: Hello = self._ray.get(actor.greeting)
        except self._ray.exceptions.RayError as error:
            self._bad_starts += 1
            if self._bad_starts >= BAD_STARTS:
                raise BadInput(
                    f"workers of the Ray cluster do not start: {_last_line(error)}",
                    "Install iqmetrics, with the same extras and Python, on every machine",
                ) from error
            self._replace(actor)
            return
        if hello.versions != versions():
            raise BadInput(
                f"{hello.node} runs {', '.join(hello.versions)}; here: {', '.join(versions())}",
                "Install the same iqmetrics on every machine",
            )
        if any(a.hello for a in self._actors) and hello.unavailable != self.unavailable:
            differ = sorted(hello.unavailable.items() ^ self.unavailable.items())
            raise Unavailable(
                f"{hello.node} cannot load the same scorers as the other machines: {differ[0][0]}",
                differ[0][1],
            )
        self._bad_starts = 0
        actor.hello, self.unavailable = hello, hello.unavailable

    def _answered(self, actor: _Actor, ref: Any) -> list[Ended]:
        try:
            done = self._ray.get(ref)
        except self._ray.exceptions.RayError:
            return self._dead(actor)
        return [(actor.given.pop(ref), done)]

    def _dead(self, actor: _Actor) -> list[Ended]:
        """Replace an actor; the oldest task that it did not finish is to blame."""
        self._replace(actor)
        ended: list[Ended] = []
        blamed = False
        for ref, task in actor.given.items():
            answer: Answer = None
            if not blamed:
                try:
                    answer = self._ray.get(ref, timeout=TICK)
                except self._ray.exceptions.RayTaskError as error:
                    answer, blamed = f"the worker process failed ({_last_line(error)})", True
                except self._ray.exceptions.RayError:
                    answer, blamed = ENDED, True
            ended.append((task, answer))
        actor.given.clear()
        return ended

    def _replace(self, actor: _Actor) -> None:
        with suppress(Exception):  # it is dead, or as good as dead
            self._ray.kill(actor.handle)
        self._actors[self._actors.index(actor)] = self._hire()


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
