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


def test_a_line_longer_than_the_widest_bucket_is_squeezed_into_it() -> None:
    found = recognise.fitted(np.full((20, 4000, 3), 9, np.uint8))
    assert found.shape == (48, recognise.WIDEST, 4) and found[..., 3].all()


@pytest.mark.parametrize("size", [(1, 1), (500, 2), (2, 500), (48, 320), (97, 640), (49, 7)])
def test_every_crop_is_brought_to_a_bucket(size: tuple[int, int]) -> None:
    found = recognise.fitted(np.full((*size, 3), 200, np.uint8))
    high, wide, _ = found.shape
    assert high == recognise.HEIGHT and wide >= recognise.NARROWEST
    assert wide % recognise.BUCKET == 0
    inside = found[..., 3] > 0
    assert inside.any() and (found[..., :3][inside] == 200).all()
    assert (found[..., :3][~inside] == 0).all()


def test_what_lies_beside_a_crop_is_grey_to_the_net() -> None:
    black = recognise.prepared(np.zeros((48, 100, 3), np.uint8))
    assert (black[:, :, :100] == -1).all() and (black[:, :, 100:] == 0).all()


def test_the_net_sees_blue_first() -> None:
    red = np.zeros((48, 320, 3), np.uint8)
    red[..., 0] = 255
    blue, green, seen_red = recognise.prepared(red)
    assert (seen_red == 1).all() and (blue == -1).all() and (green == -1).all()


def test_a_line_reads_the_same_whoever_it_is_read_with() -> None:
    def net(batch: np.ndarray) -> np.ndarray:
        assert len(batch) <= recognise.BATCH
        signs = batch[:, 0].mean(1)[:, ::80] > 0
        return np.stack([~signs, signs], 2).astype(np.float32)

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (48, w, 3), np.uint8) for w in (90, 320, 500, 333, 480, 90) * 4]
    together = recognise.read(net, images, ("x",))
    assert together == [recognise.read(net, [image], ("x",))[0] for image in images]
    assert recognise.read(net, images[::-1], ("x",)) == together[::-1]


def test_no_crops_need_no_net() -> None:
    assert recognise.read(lambda batch: 1 / 0, [], ()) == []  # type: ignore[arg-type]


def test_confidence_is_of_the_letters_that_are_left_after_spaces() -> None:
    best = np.array([3, 0, 1, 0, 3, 0, 2, 3])
    odds = np.array([0.1, 1, 0.8, 1, 0.5, 1, 0.6, 0.1], np.float32)
    read = recognise.said(best, odds, ("a", "b", " "))
    assert read.text == "a b"
    assert read.characters == pytest.approx((0.8, 0.5, 0.6))
    assert read.confidence == pytest.approx(1.9 / 3)


def test_a_crop_is_what_stands_between_its_corners() -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[30:50, 40:140] = np.linspace(0, 250, 100).astype(np.uint8)[None, :, None]
    place = np.array([[40, 30], [140, 30], [140, 50], [40, 50]], np.float32)
    cut = recognise.crop(pixels, place)
    assert cut.shape == (20, 100, 3)
    assert np.abs(cut[10, :, 0].astype(int) - pixels[40, 40:140, 0]).max() <= 3
    over = recognise.crop(pixels, np.roll(place, 2, 0))
    assert (
        np.array_equal(over[::-1, ::-1][5], cut[5])
        or np.abs(over[::-1, ::-1].astype(int) - cut).mean() < 12
    )
