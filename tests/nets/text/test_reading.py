from itertools import pairwise

import numpy as np
import pytest
from lettering import pictured

from iqmetrics.nets.text import reading
from iqmetrics.nets.text.arcs import Arc
from iqmetrics.nets.text.detect import Region


@pytest.mark.parametrize(
    "size", [(300, 300), (1024, 1024), (2000, 700), (1025, 577), (64, 4000), (1, 1), (128, 3)]
)
def test_tiles_of_one_size_cover_the_picture_and_share_a_margin(size: tuple[int, int]) -> None:
    width, height = size
    seen = np.zeros((height, width), int)
    found = reading.tiles(width, height)
    for x0, y0, x1, y1 in found:
        assert x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height
        assert x1 - x0 <= reading.TILE[0] and y1 - y0 <= reading.TILE[1]
        seen[y0:y1, x0:x1] += 1
    assert seen.min() >= 1
    assert len({(x1 - x0, y1 - y0) for x0, y0, x1, y1 in found}) == 1
    edges = sorted({(x0, x1) for x0, _, x1, _ in found})
    assert all(a[1] - b[0] >= reading.SHARED - 1 for a, b in pairwise(edges))


def test_a_picture_that_fits_is_one_piece() -> None:
    assert reading.tiles(1024, 576) == [(0, 0, 1024, 576)]
    assert len(reading.tiles(1025, 576)) == 2 and len(reading.tiles(1024, 577)) == 2


def test_later_passes_see_more_of_large_pictures_only() -> None:
    small, large = (pictured(np.zeros((n, n, 3), np.uint8)) for n in (280, 1024))
    assert reading.widest(small) == "quick" and reading.widest(large) == "full"
    for what, helps in (("glance", False), ("full", False), ("far", True), ("fine", True)):
        assert reading.adds(small, what) is helps and reading.adds(large, what)


@pytest.mark.parametrize(
    ("size", "scale"),
    [((448, 160), 2.0), ((700, 700), 2.0), ((1024, 1024), 1.5), ((3000, 2000), 1.5)],
)
def test_the_fine_look_enlarges_every_picture(size: tuple[int, int], scale: float) -> None:
    frames = reading._frames(pictured(np.zeros((size[1], size[0], 3), np.uint8)), "fine")
    for frame in frames:
        longer = max(frame.pixels.shape[:2])
        assert frame.side == pytest.approx(scale * longer, abs=1)
        assert frame.pixels.flags.c_contiguous


def test_rings_are_looked_for_once_where_the_frame_is_seen_whole() -> None:
    small, large = (pictured(np.zeros((n, n, 3), np.uint8)) for n in (280, 1024))
    for picture, whole in ((small, "quick"), (large, "full")):
        bowed = {w: any(f.bowed for f in reading._frames(picture, w)) for w in reading.AREA}
        assert [w for w, b in bowed.items() if b] == [whole]


def test_the_quick_look_is_at_most_576_squared() -> None:
    assert reading.detector_side(1024, 1024, reading.AREA["quick"]) == 576
    assert reading.detector_side(1024, 1024, reading.AREA["full"]) == 1024
    assert reading.detector_side(4000, 3000, reading.AREA["full"]) <= reading.LARGEST_SIDE


def test_raised_contrast_keeps_the_size() -> None:
    faint = np.full((80, 80, 3), 120, np.uint8)
    faint[20:60, 20:60] = 126
    raised = reading.raised(faint)
    assert raised.shape == faint.shape and raised.std() > faint.std()


def test_tiles_are_frames_whose_finds_are_put_back_in_place() -> None:
    picture = pictured(np.zeros((700, 1024, 3), np.uint8))
    frames = reading._frames(picture, "fine")
    assert [f.corner for f in frames] == [(x, y) for x, y, *_ in reading.tiles(1024, 700)]
    box = Region(np.zeros((4, 2), np.float32), 0.9)
    bow = Region(np.zeros((4, 2), np.float32), 0.9, Arc(0, 0, 9, 2, 0, 1))
    last = frames[-1]
    (placed,) = last.placed([box])
    assert placed.corners[0].tolist() == list(last.corner or ())
    (whole,) = reading._frames(picture, "quick")
    assert whole.placed([box, bow]) == [box, bow] and whole.pixels is picture.pixels


def test_all_pictures_of_a_batch_go_to_a_gpu_together() -> None:
    asked = []

    class Net:
        def __call__(self, batch: np.ndarray) -> np.ndarray:
            raise AssertionError("one by one")

        def heats(self, frames: list, scaled: object, pictures: object) -> list:
            asked.append([side for _, side in frames])
            return [np.zeros((64, 64), np.float32) for _ in frames]

        def likelihoods(self, images: list, classes: list) -> list[float]:
            return [0.25 * len(c) for c in classes]

    reader = reading.Reader(Net(), Net(), (), "test")
    pictures = [pictured(np.zeros((256, 256, 3), np.uint8)) for _ in range(reading.TOGETHER + 1)]
    assert reader.regions(pictures, "quick") == [[]] * len(pictures)
    assert [len(a) for a in asked] == [reading.TOGETHER, 1]
    reader.regions(pictures, "quick")
    assert len(asked) == 2, "remembered on the pictures"
    crop = np.zeros((48, 90, 3), np.uint8)
    assert reader.likelihoods([crop, crop], [[1], [1, 2]]) == [0.25, 0.5]


def test_a_place_is_cut_out_once_for_all_looks_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = []
    monkeypatch.setattr(
        reading.recognise, "crop", lambda pixels, corners: cut.append(corners) or pixels[:20, :60]
    )
    reader = reading.Reader(None, None, (), "test")
    picture = pictured(np.zeros((256, 256, 3), np.uint8))
    place = Region(np.zeros((4, 2), np.float32), 0.9)
    picture.once(("text.regions", "test", "quick"), lambda _: [place])
    shapes = [
        [image.shape for _, image, _ in reader._crops(picture, what)]
        for what in ("quick", "glance", "turned", "wide", "left")
    ]
    wide, as_it_is = [(20, 90, 3)], [(20, 60, 3)]
    assert shapes == [as_it_is, wide, as_it_is, wide, as_it_is]
    assert len(cut) == 1
