import numpy as np

from iqmetrics.images import Picture
from iqmetrics.nets import area
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


def test_what_differs_in_its_angle_alone_is_averaged_down_once(monkeypatch) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    views = [Region(150.0, 90.0, 130.0, angle) for angle in (0.3, 0.3, 0.51, 0.09)]
    flips = (False, True, False, True)
    averaged = []
    window = area.window

    def counted(*asked):
        averaged.append(asked)
        return window(*asked)

    monkeypatch.setattr(area, "window", counted)
    jobs = [(0, view, flip) for view, flip in zip(views, flips, strict=True)]
    found = looks.looks([pixels], None, jobs, 32)
    assert len(averaged) == 1
    for made, view, flip in zip(found, views, flips, strict=True):
        alone = crop(pixels, view, 32)
        assert np.array_equal(made, alone[:, ::-1] if flip else alone)


def test_on_a_cpu_nothing_is_sent() -> None:
    picture = Picture(ImageRecord("a", ""), np.zeros((4, 4, 3), np.uint8))
    assert looks.sent([picture], "cpu") is None and not picture.copies
