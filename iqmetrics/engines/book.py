"""What becomes of the tasks of a run whose workers may die: kept by the process that survives."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from iqmetrics.engines.tasks import Done, Task, lost
from iqmetrics.engines.work import Finished, Save
from iqmetrics.scorers.base import Scorer

ENDED = "the process ended"
Answer = Done | str | None
"""What a task gave; or how its process ended; or None: it was never begun."""


@dataclass(slots=True)
class Book:
    """Tasks still to do, and where their outcomes go.

    Args:
        tasks: to do, in order.
        scorers: what the metrics of a lost outcome are.
        save: commits outcomes.
        keep: is given what was made of pictures (`tasks.do`'s `look`).
        advance: told how many more images are finished.
        decode: does a task without scorers in this process, to tell which members of a lost set
            could be seen at all.
    """

    tasks: deque[Task]
    scorers: Mapping[str, Scorer]
    save: Save
    keep: Callable[[Sequence[Any]], None]
    advance: Callable[[int], None]
    decode: Callable[[Task], Done]
    finished: Finished = field(default_factory=Finished)
    fatal: set[str] = field(default_factory=set)
    """Images that ended a process; of a set, its first."""
    _counted: set[str] = field(default_factory=set)
    _blamed: list[tuple[Task, str]] = field(default_factory=list)

    def settle(self, ended: Iterable[tuple[Task, Answer]]) -> None:
        """Commit what was done; split, or try once more, what was lost; give back the rest."""
        for task, answer in ended:
            if answer is None:
                self.tasks.appendleft(task)
            elif isinstance(answer, Done):
                self._done(answer)
                news = {work.record.image for work in task.works} - self._counted
                self._counted |= news
                self.advance(len(news))
            elif parts := task.parts():
                self.tasks.extend(parts)
            elif not task.retried:
                self.tasks.append(replace(task, retried=True))
            else:
                self._blamed.append((task, answer))

    def close(self) -> None:
        """Write down what nothing could score; its own work comes first, so that sets are known."""
        for task, how in self._blamed:
            self.fatal.add(task.works[0].record.image)
            if task.sets:
                self._done(self.decode(Task(task.works)))
            self.save(lost(task, self.scorers, self.finished.problems, how))
        self._blamed.clear()

    def _done(self, done: Done) -> None:
        self.save(done.outcomes)
        self.keep(done.seen)
        self.finished.problems.update(done.problems)
