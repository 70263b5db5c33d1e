"""One place opens nets: the same answers from both runtimes, from any thread, or one clear error."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from iqmetrics import weights
from iqmetrics.errors import Unavailable
from iqmetrics.nets import sessions, side_by_side
from iqmetrics.nets.sessions import open_session


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, 224, 224, 3), np.float32)


@pytest.mark.parametrize("name", ["hand_count", "hand_landmark"])
def test_both_runtimes_answer_the_same(name: str) -> None:
    pytest.importorskip("openvino")
    one, other = (open_session(weights.find(name), "a test", r) for r in sessions.RUNTIMES)
    assert one.outputs == other.outputs
    for a, b in zip(one.run(crops(1)), other.run(crops(1)), strict=True):
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, atol=2e-3, rtol=1e-4)


@pytest.mark.parametrize("runtime", sessions.RUNTIMES)
def test_answers_last_and_threads_do_not_mix_them(runtime: str) -> None:
    pytest.importorskip(runtime)
    net = open_session(weights.find("hand_landmark"), "a test", runtime)
    batch = crops(6)
    alone = [net.run(one[None])[0] for one in batch]
    assert not np.array_equal(alone[0], alone[1])
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda one: net.run(one[None])[0], batch))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("exact", [True, False])
def test_a_batch_of_the_usual_size_is_answered_as_any_other(exact: bool) -> None:
    pytest.importorskip("openvino")
    opened = (
        open_session(weights.find("hand_count"), "a test", "openvino", exact=exact, rows=rows)
        for rows in (0, 2)
    )
    any_size, usual = opened
    assert any_size.outputs == usual.outputs
    for count in (1, 2, 3, 2):
        for a, b in zip(any_size.run(crops(count)), usual.run(crops(count)), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("runtime", sessions.RUNTIMES)
def test_a_missing_runtime_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    monkeypatch.setitem(sys.modules, runtime, None)
    with pytest.raises(Unavailable, match=runtime) as error:
        open_session(weights.find("hand_count"), "a test", runtime)
    assert "pip install" in error.value.hint


def test_the_quicker_runtime_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "find_spec", lambda name: object())
    assert sessions.quicker() == "openvino"
    monkeypatch.setattr(sessions, "find_spec", lambda name: None)
    assert sessions.quicker() == "onnxruntime"


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert sessions.threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert sessions.threads() >= 1


@pytest.mark.parametrize(("asked", "count"), [("4,2,1", 4), (" 3 ", 3), ("2, 1", 2)])
def test_the_first_of_a_list_of_threads_counts(
    asked: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenMP takes one number for each level of nesting."""
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert sessions.threads() == side_by_side.threads() == count


@pytest.mark.parametrize("asked", ["", "0", "many", "-1", "1.5"])
def test_a_thread_count_that_is_none_leaves_every_core(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert sessions.threads() == os.cpu_count()
    assert 1 <= side_by_side.threads() <= side_by_side.MOST_THREADS


FIRST = """
import sys, threading
from iqmetrics import weights
from iqmetrics.nets.sessions import open_session
open_session(weights.find("hand_palm"), "a test", "openvino")
import openvino
sys.setswitchinterval(1e-6)
together = threading.Barrier(4)
def first():
    together.wait()
    openvino.Type.f32.to_dtype()
threads = [threading.Thread(target=first) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_threads_that_ask_an_open_net_first_at_the_same_time_do_not_wait_for_ever() -> None:
    pytest.importorskip("openvino")
    for _ in range(3):
        subprocess.run([sys.executable, "-c", FIRST], check=True, timeout=60)
