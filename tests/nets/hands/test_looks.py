import numpy as np

from iqmetrics.images import Picture
from iqmetrics.nets.hands import looks
from iqmetrics.nets.hands.region import Region, crop
from iqmetrics.records import ImageRecord


def test_each_job_is_a_crop_of_its_image_mirrored_where_asked() -> None:
    draw = np.random.default_rng(0)
    images = [draw.integers(0, 256, (90, 120, 3)).astype(np.uint8) for _ in range(2)]
    region = Region(50.0, 40.0, 70.0, 0.4)
    found = looks.looks(images, None, [(1, region, False), (0, region, True)], 32)
    assert found.shape == (2, 32, 32, 3) and found.dtype == np.uint8
    assert np.array_equal(found[0], crop(images[1], region, 32))
    assert np.array_equal(found[1], crop(images[0], region, 32)[:, ::-1])
    assert looks.looks(images, None, [], 32).shape == (0, 32, 32, 3)


def test_on_a_cpu_nothing_is_sent() -> None:
    picture = Picture(ImageRecord("a", ""), np.zeros((4, 4, 3), np.uint8))
    assert looks.sent([picture], "cpu") is None and not picture.copies
