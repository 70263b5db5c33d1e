import numpy as np
from lettering import pictured

from iqmetrics.nets.text import reading


def test_tiles_cover_the_picture() -> None:
    for width, height in [(300, 300), (1024, 1024), (2000, 700)]:
        seen = np.zeros((height, width), bool)
        for x0, y0, x1, y1 in reading.tiles(width, height):
            seen[y0:y1, x0:x1] = True
            assert x1 - x0 <= reading.TILE and y1 - y0 <= reading.TILE
        assert seen.all()


def test_later_passes_see_more_of_large_pictures_only() -> None:
    small, large = (pictured(np.zeros((n, n, 3), np.uint8)) for n in (300, 1024))
    assert reading.widest(small) == "quick" and reading.widest(large) == "full"
    assert not reading.adds(small, "tiles") and reading.adds(large, "tiles")


def test_the_quick_look_is_at_most_640_squared() -> None:
    assert reading.detector_side(1024, 1024, reading.AREA["quick"]) == 640
    assert reading.detector_side(1024, 1024, reading.AREA["full"]) == 1024
    assert reading.detector_side(4000, 3000, reading.AREA["full"]) <= reading.LARGEST_SIDE


def test_raised_contrast_keeps_the_size() -> None:
    faint = np.full((80, 80, 3), 120, np.uint8)
    faint[20:60, 20:60] = 126
    raised = reading.raised(faint)
    assert raised.shape == faint.shape and raised.std() > faint.std()
