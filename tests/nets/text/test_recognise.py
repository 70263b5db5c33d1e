import numpy as np
import pytest

from iqmetrics.nets.text import recognise


def test_greedy_decoding_merges_repeats_and_drops_blanks() -> None:
    answer = np.eye(4, dtype=np.float32)[[0, 1, 1, 0, 1, 2, 2, 3, 0]]
    read = recognise.decoded(answer, ("a", "b", " "))
    assert read.text == "aab" and read.confidence == 1
    assert recognise.decoded(np.eye(4, dtype=np.float32)[[0, 0]], ("a", "b", " ")).confidence == 0


def test_crops_are_padded_to_a_few_widths() -> None:
    assert recognise.prepared(np.zeros((48, 100, 3), np.uint8)).shape == (3, 48, 320)
    assert recognise.prepared(np.zeros((24, 200, 3), np.uint8)).shape == (3, 48, 480)


def test_answers_come_back_in_order_whatever_the_width() -> None:
    def net(batch: np.ndarray) -> np.ndarray:
        return batch.max(axis=(1, 2, 3)).reshape(-1, 1, 1)

    images = [np.full((48, w, 3), v, np.uint8) for w, v in [(900, 255), (100, 200), (900, 180)]]
    got = [float(a[0, 0]) for a in recognise.probabilities(net, images)]
    assert got == pytest.approx([255 / 127.5 - 1, 200 / 127.5 - 1, 180 / 127.5 - 1], abs=1e-5)


def test_a_tall_place_is_turned_to_lie() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    tall = np.array([[50, 20], [80, 20], [80, 160], [50, 160]], np.float32)
    assert recognise.crop(pixels, tall).shape == (30, 140, 3)


def test_widths_are_gathered_with_their_places() -> None:
    assert recognise.by_width([320, 480, 320]) == {320: [0, 2], 480: [1]}


def test_only_the_best_of_each_step_is_needed_to_read() -> None:
    best, odds = np.array([0, 2, 2, 0, 1]), np.array([0.9, 0.8, 0.6, 0.9, 0.5], np.float32)
    read = recognise.said(best, odds, ("a", "b"))
    assert read.text == "ba" and read.characters == pytest.approx((0.8, 0.5))
