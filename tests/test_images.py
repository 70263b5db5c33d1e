"""Picture: pixels are checked and frozen; `once` computes once, also for a batch."""

import numpy as np
import pytest

from iqmetrics.images import Picture, by_shape, once_each
from iqmetrics.records import ImageRecord


def picture(height: int = 4, width: int = 6) -> Picture:
    return Picture(ImageRecord("a.png", "a.png"), np.zeros((height, width, 3), np.uint8))


def test_pixels_must_be_uint8_rgb() -> None:
    with pytest.raises(ValueError, match="uint8 HxWx3"):
        Picture(ImageRecord("a", "a"), np.zeros((4, 4), np.uint8))


def test_pixels_cannot_be_changed_by_a_scorer() -> None:
    with pytest.raises(ValueError, match="read-only"):
        picture().pixels[0, 0, 0] = 1


def test_once_each_runs_only_for_the_pictures_that_lack_it() -> None:
    a, b, seen = picture(), picture(), []

    def net(batch: list[Picture]) -> list[int]:
        seen.append(len(batch))
        return [p.width for p in batch]

    a.once("net", lambda p: 99)
    assert once_each([a, b], "net", net) == [99, 6]
    assert once_each([a, b], "net", net) == [99, 6]
    assert seen == [1]


def test_by_shape_groups_positions() -> None:
    assert by_shape([picture(), picture(8, 8), picture()]) == {(4, 6): [0, 2], (8, 8): [1]}
