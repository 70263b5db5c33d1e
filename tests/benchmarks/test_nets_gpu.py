"""The parts of the GPU benchmark that need no GPU."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from PIL import Image

sys.path.append(str(Path(__file__).parents[2]))  # last: the installed package goes first

from benchmarks import nets_gpu


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(2):
        pixels = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    return tmp_path


def test_pictures_are_unlike_and_ask_for_text_only_where_it_is_judged(folder, monkeypatch):
    monkeypatch.setattr(nets_gpu, "SIDE", 256)
    monkeypatch.setattr(nets_gpu, "STRINGS", (("A", "B"),))
    found = nets_gpu.pictures(folder, 5, "hands")
    assert [p.pixels.shape for p in found] == [(256, 256, 3)] * 5
    assert len({p.pixels.tobytes() for p in found}) == 5
    assert all(p.record.texts is None for p in found)
    absent = nets_gpu.pictures(folder, 2, "text_absent")
    assert [p.record.texts for p in absent] == [("A", "B")] * 2


def test_fresh_pictures_remember_nothing(folder):
    (one, *_) = nets_gpu.pictures(folder, 1, "face")
    assert one.once("key", lambda p: 1) == 1
    assert nets_gpu.fresh([one])[0].once("key", lambda p: 2) == 2


def test_batches_ask_in_order_and_in_parts():
    class Scorer:
        asked = []

        def score(self, pictures):
            self.asked.append(len(pictures))
            return [int(p.pixels[0, 0, 0]) for p in pictures]

    shown = [
        nets_gpu.Picture(nets_gpu.ImageRecord("a", "a"), np.full((2, 2, 3), i, np.uint8))
        for i in range(5)
    ]
    assert nets_gpu.batches(Scorer(), shown, 2) == [0, 1, 2, 3, 4]
    assert Scorer.asked == [2, 2, 1]


def test_the_shortest_time_is_taken():
    waits = iter([0.03, 0.0, 0.02])
    assert nets_gpu.seconds(lambda: nets_gpu.time.sleep(next(waits)), 3) < 0.02
