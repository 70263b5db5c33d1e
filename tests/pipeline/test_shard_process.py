"""A scoring process as its parent sees it, in a thread: what it says, and when it stops."""

import gc
import pickle
from multiprocessing.connection import Pipe
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from iqmetrics.engines.work import ImageWork
from iqmetrics.pipeline import shard_process
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.shard_process import Told, main
from iqmetrics.pipeline.writing import Writer
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.size import Size
from iqmetrics.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "scores.sqlite") as opened:
        yield opened


@pytest.fixture
def writer(store):
    return Writer(store)


@pytest.fixture
def served():
    ours, theirs = Pipe()
    import os

    thread = Thread(target=main, args=(os.dup(theirs.fileno()),))
    thread.start()
    theirs.close()
    yield ours
    ours.close()
    thread.join(20)
    gc.unfreeze()  # it ran in this process
    assert not thread.is_alive()


def order(served, writer, scorers=None, names=("size",)):
    served.send((pickle.dumps(scorers or {"size": Size()}), list(names), 1, "cpu", 1.0))
    writer.serve(served)
    writer.start()


def first_two(served):
    """Its first two messages, in the order of their names: either may come first."""
    return sorted(served.recv() for _ in range(2))


def test_it_loads_does_its_share_and_says_so(served, store, writer, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(path)
    order(served, writer)
    assert first_two(served) == [("more", None), ("ready", {})]
    served.send(Pending([ImageWork(ImageRecord("a.png", str(path)), {"size": b"key"}, b"p")], []))
    assert served.recv() == ("more", None)
    served.send(None)
    assert [served.recv(), served.recv()] == [("step", 1), ("done", {})]
    assert gc.get_freeze_count() > 0  # what is loaded is no longer searched for cycles
    writer.finish()
    assert store.readings([b"key"])[b"key"].values["size.height"] == 30


def test_what_goes_wrong_is_told(served, writer):
    """Though its decoders may have asked for work already, which it is never given."""
    order(served, writer, {"other": Size()})
    kind, trace = served.recv()
    if kind == "more":
        kind, trace = served.recv()
    assert kind == "error" and "KeyError" in trace


def test_it_leaves_when_nobody_waits(served):
    served.close()


def test_it_leaves_when_nobody_has_more_work(served, writer):
    order(served, writer)
    assert [kind for kind, _ in first_two(served)] == ["more", "ready"]
    served.close()


def test_more_work_is_asked_for_and_nobody_there_is_the_end():
    ours, theirs = Pipe()
    told = Told(theirs)
    ours.send(None)
    assert told.more() is None and ours.recv() == ("more", None)
    ours.send(Pending([], []))
    assert told.more() == Pending([], [])
    ours.close()
    with pytest.raises(KeyboardInterrupt):
        told.more()


def test_steps_are_told_a_few_at_a_time_and_stop_the_run_when_nobody_listens():
    ours, theirs = Pipe()
    told = Told(theirs, every=4)
    told.start("scoring", 9)
    for _ in range(9):
        told.advance()
    told.finish()
    assert [ours.recv() for _ in range(3)] == [("step", 4), ("step", 4), ("step", 1)]
    ours.close()
    with pytest.raises(KeyboardInterrupt):
        told.advance(4)
    told.finish()


def test_waiting_for_a_gpu_is_asked_of_its_runtime_before_it_is_used(monkeypatch):
    torch = pytest.importorskip("torch")
    asked = []

    class Runtime:
        def __init__(self, name):
            asked.append(name)

        def cudaSetDeviceFlags(self, flags):
            asked.append(flags)

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(shard_process.ctypes, "CDLL", Runtime)
    shard_process._asleep_while_waiting()
    assert asked == ["libcudart.so.13", 4]


def test_without_a_runtime_of_its_own_it_goes_on(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.version, "cuda", None)
    shard_process._asleep_while_waiting()


def test_scorers_are_asked_in_the_order_in_which_they_are_named(served, writer, monkeypatch):
    seen = []

    class Asked(shard_process.one_process.Here):
        def __init__(self, scorers, names, device):
            seen.append(list(scorers))
            super().__init__(scorers, names, device)

    monkeypatch.setattr(shard_process.one_process, "Here", Asked)
    order(served, writer, {"a": Size(), "b": Size(), "c": Size()}, ["c", "a"])
    first_two(served)
    assert seen == [["c", "a", "b"]]
