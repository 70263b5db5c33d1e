"""The Ray engine: tasks come back whole, whatever becomes of the workers."""

import os
from pathlib import Path
from typing import Any

import fatal_scorers
import pytest
from test_apart import desk, orders, works
from test_worker import Absent

from iqmetrics.engines import ray as engine
from iqmetrics.engines.ray import Crew
from iqmetrics.engines.ray_cluster import Cluster, Share
from iqmetrics.engines.tasks import Task
from iqmetrics.engines.worker import Hello, versions
from iqmetrics.errors import BadInput, Unavailable

TWO = Share(2, 1, 0)


def test_everything_is_scored_though_images_end_their_actors(
    ray_here: None, tmp_path: Path
) -> None:
    greys = [*range(40), 211, 212]
    every = works(tmp_path, *greys)
    at = desk(*[Task(every[n : n + 7]) for n in range(0, len(every), 7)])
    with Cluster() as cluster, Crew(cluster, TWO, orders()) as crew:
        assert crew.greet() == {}
        crew.run(at.book)
    assert len(at.saved) == 2 * len(greys)
    failed = {key: r.missing["fatal"].reason for key, r in at.saved.items() if r.missing}
    assert failed == dict.fromkeys(
        (b"fatal/211", b"fatal/212"), "the process ended while fatal judged this image"
    )
    assert at.counted == len(greys)
    assert at.book.fatal == {"211.png", "212.png"}


def test_actors_that_are_killed_lose_nothing(ray_here: None, tmp_path: Path) -> None:
    every = works(tmp_path, *range(60))
    at = desk(*[Task(every[n : n + 4]) for n in range(0, len(every), 4)])
    with Cluster() as cluster, Crew(cluster, TWO, orders()) as crew:
        crew.greet()
        deaths = []

        def kill(more: int) -> None:
            if len(deaths) < 3 and more:
                victim = next(a for a in crew._actors if a.hello)
                deaths.append(victim)
                cluster.ray.kill(victim.handle)

        at.book.advance = kill
        crew.run(at.book)
    assert len(deaths) == 3
    assert len(at.saved) == 120
    assert all(not reading.missing for reading in at.saved.values())


def test_an_interrupt_keeps_what_was_settled(ray_here: None, tmp_path: Path) -> None:
    every = works(tmp_path, *range(20))
    at = desk(*[Task(every[n : n + 2]) for n in range(0, len(every), 2)])

    def stop(more: int) -> None:
        raise KeyboardInterrupt

    at.book.advance = stop
    with Cluster() as cluster, Crew(cluster, TWO, orders()) as crew:
        crew.greet()
        with pytest.raises(KeyboardInterrupt):
            crew.run(at.book)
    assert len(at.saved) == 4


def test_what_actors_cannot_load_is_told(ray_here: None) -> None:
    with Cluster() as cluster, Crew(cluster, TWO, orders({"toy": Absent()})) as crew:
        assert set(crew.greet()) == {"toy"}


class Unloadable(fatal_scorers.Mean):
    def load(self, device: str) -> None:
        os._exit(5)


def test_actors_that_never_start_end_the_run(ray_here: None) -> None:
    with (
        Cluster() as cluster,
        Crew(cluster, Share(1, 1, 0), orders({"mean": Unloadable()})) as crew,
        pytest.raises(BadInput, match="do not start"),
    ):
        crew.greet()


class Replies:
    """Stands in for ray: what each reference answers is known before."""

    class exceptions:
        RayError = OSError
        RayTaskError = ValueError

    def put(self, value: Any) -> Any:
        return value

    def remote(self, **_: Any) -> Any:
        return lambda worker: self

    def kill(self, handle: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("hello", "error", "said"),
    [
        (Hello(("iqmetrics 0.0",), {}, "n2"), BadInput, "n2 runs iqmetrics 0.0; here: iqmetrics"),
        (
            Hello(versions(), {"clip": "no weights: iqm weights pull"}, "n2"),
            Unavailable,
            "n2 cannot",
        ),
    ],
)
def test_machines_that_differ_are_refused(
    hello: Hello, error: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = Crew.__new__(Crew)
    crew._ray = Replies()
    crew._ray.get = lambda ref: ref  # type: ignore[attr-defined]
    first = engine._Actor(None, None, Hello(versions(), {}, "n1"))
    second = engine._Actor(None, hello)
    crew._actors, crew.unavailable = [first, second], {}
    with pytest.raises(error, match=said):
        crew._greeted(second)


def test_a_cluster_without_any_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    crew = Crew.__new__(Crew)
    crew._ray = Replies()
    crew._ray.wait = lambda refs, timeout: ([], refs)  # type: ignore[attr-defined]
    crew._actors, crew._alive = [engine._Actor(None, "ref")], -engine.START
    monkeypatch.setattr(engine.time, "monotonic", lambda: 1.0)
    with pytest.raises(BadInput, match="no worker of the Ray cluster answered"):
        crew.greet()
