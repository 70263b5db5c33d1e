"""The range of a number while something runs."""

import threading

from iqmetrics.meter import Watch


def test_the_range_is_seen_while_the_block_runs() -> None:
    values = iter([5.0, 1.0, 9.0])
    seen = threading.Event()

    def read() -> float | None:
        value = next(values, None)
        if value is None:
            seen.set()
        return value

    with Watch(read, every_s=0.001) as watch:
        assert seen.wait(5)
    assert (watch.low, watch.high) == (1.0, 9.0)


def test_what_was_never_read_stays_unknown() -> None:
    with Watch(lambda: None, every_s=0.001) as watch:
        pass
    assert watch.low is None and watch.high is None


def test_a_short_block_is_read_at_both_ends() -> None:
    values = iter([3.0, 1.0])
    with Watch(lambda: next(values), every_s=60) as watch:
        pass
    assert (watch.low, watch.high) == (1.0, 3.0)
