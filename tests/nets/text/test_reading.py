import numpy as np
from lettering import pictured

from iqmetrics.nets.text import reading
from iqmetrics.nets.text.arcs import Arc
from iqmetrics.nets.text.detect import Region


def test_tiles_cover_the_picture() -> None:
    for width, height in [(300, 300), (1024, 1024), (2000, 700)]:
        seen = np.zeros((height, width), bool)
        for x0, y0, x1, y1 in reading.tiles(width, height):
            seen[y0:y1, x0:x1] = True
            assert x1 - x0 <= reading.TILE and y1 - y0 <= reading.TILE
        assert seen.all()


def test_later_passes_see_more_of_large_pictures_only() -> None:
    small, large = (pictured(np.zeros((n, n, 3), np.uint8)) for n in (280, 1024))
    assert reading.widest(small) == "quick" and reading.widest(large) == "full"
    assert not reading.adds(small, "tiles") and reading.adds(large, "tiles")
    assert not reading.adds(small, "glance") and reading.adds(large, "glance")


def test_the_quick_look_is_at_most_576_squared() -> None:
    assert reading.detector_side(1024, 1024, reading.AREA["quick"]) == 576
    assert reading.detector_side(1024, 1024, reading.AREA["full"]) == 1024
    assert reading.detector_side(4000, 3000, reading.AREA["full"]) <= reading.LARGEST_SIDE


def test_raised_contrast_keeps_the_size() -> None:
    faint = np.full((80, 80, 3), 120, np.uint8)
    faint[20:60, 20:60] = 126
    raised = reading.raised(faint)
    assert raised.shape == faint.shape and raised.std() > faint.std()


def test_tiles_are_frames_whose_finds_are_put_back_in_place_without_arcs() -> None:
    picture = pictured(np.zeros((700, 1024, 3), np.uint8))
    frames = reading._frames(picture, "tiles")
    assert [f.corner for f in frames] == [(x, y) for x, y, *_ in reading.tiles(1024, 700)]
    assert all(f.side == 2 * reading.TILE for f in frames)
    box = Region(np.zeros((4, 2), np.float32), 0.9)
    bow = Region(np.zeros((4, 2), np.float32), 0.9, Arc(0, 0, 9, 2, 0, 1))
    last = frames[-1]
    (placed,) = last.placed([box, bow])
    assert placed.corners[0].tolist() == list(last.corner or ())
    (whole,) = reading._frames(picture, "quick")
    assert whole.placed([box, bow]) == [box, bow] and whole.pixels is picture.pixels


def test_all_pictures_of_a_batch_go_to_a_gpu_together() -> None:
    asked = []

    class Net:
        def __call__(self, batch: np.ndarray) -> np.ndarray:
            raise AssertionError("one by one")

        def heats(self, frames: list, scaled: object) -> list:
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
