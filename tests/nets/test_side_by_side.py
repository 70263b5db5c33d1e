import threading

import pytest

from iqmetrics.nets import side_by_side
from iqmetrics.nets.side_by_side import each


def test_the_order_is_kept_whatever_the_threads(monkeypatch):
    for count in ("1", "2", "5"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        assert each(lambda x: x * x, range(40)) == [x * x for x in range(40)]
        assert each(str, []) == []


def test_two_items_run_at_the_same_time(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    meeting = threading.Barrier(2, timeout=20)
    assert sorted(each(lambda _: meeting.wait(), [0, 1])) == [0, 1]


def test_one_thread_is_a_plain_loop(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert each(lambda _: threading.current_thread(), [0, 1]) == [threading.current_thread()] * 2


def test_an_error_is_raised_here(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with pytest.raises(ZeroDivisionError):
        each(lambda x: 1 // x, [1, 0, 2])


def test_threads_are_bounded(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "999")
    assert side_by_side.threads() == side_by_side.MOST_THREADS
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= side_by_side.threads() <= side_by_side.MOST_THREADS


def test_one_within_another_does_not_wait_for_itself(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert each(lambda n: sum(each(lambda m: n * m, range(5))), range(6)) == [
        10 * n for n in range(6)
    ]


def test_whoever_asks_beside_others_loops_unless_cores_are_left(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    here = threading.current_thread()
    with side_by_side.among(3):
        assert each(lambda _: threading.current_thread(), range(8)) == [here] * 8
    with side_by_side.among(2):
        assert here not in each(lambda _: threading.current_thread(), range(8))
    assert here not in each(lambda _: threading.current_thread(), range(8))
