"""The rate of a run on GPUs is one that can go on."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("open_clip")


@pytest.fixture
def pace(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import one_pass_gpu

    monkeypatch.delitem(sys.modules, "one_pass_gpu")
    return one_pass_gpu.Pace()


def test_slow_first_batches_and_what_was_decoded_ahead_are_left_out(pace):
    """20 s for the first quarter, 10 images a second, then the last seventh within a second."""
    pace.seen = [(20.0, 250), *[(20.0 + k, 250 + 10 * k) for k in range(1, 61)], (81.0, 1000)]
    assert pace.rate() == pytest.approx(10)


def test_too_few_images_have_no_rate(pace):
    pace.seen = [(3.0, 64), (3.5, 64)]
    with pytest.raises(ValueError, match="64 images are too few"):
        pace.rate()
