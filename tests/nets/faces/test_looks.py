import numpy as np
import pytest
import torch

from iqmetrics.images import Picture
from iqmetrics.nets.faces import find, looks, session
from iqmetrics.nets.faces.crop import Square, cut
from iqmetrics.records import ImageRecord


def pixels(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 80, 3)).astype(np.uint8)


def test_squares_are_cut_from_the_picture_of_each() -> None:
    shown = [pixels(0), pixels(1)]
    squares = [Square(30, 20, 25, 0.3), Square(50, 40, 50)]
    found = looks.squares_of(shown, squares, 32)
    for one, picture, square in zip(found, shown, squares, strict=True):
        assert np.array_equal(one, cut(picture, square, 32))
    assert looks.squares_of([], [], 32).shape == (0, 32, 32, 3)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_mirror_images_stand_after_their_cut_outs(kind) -> None:  # type: ignore[no-untyped-def]
    crops = np.stack([pixels(0)[:40, :40], pixels(1)[:40, :40]])
    both = looks.here(looks.with_mirrored(kind(crops)))
    assert np.array_equal(both[0::2], crops) and np.array_equal(both[1::2], crops[:, :, ::-1])


def test_what_is_on_the_device_is_read_upright() -> None:
    there = torch.from_numpy(pixels())
    assert looks.OnDevice(there).upright() is there
    assert torch.equal(looks.OnDevice(there, turned=True).upright(), there.flip(1))
    assert looks.OnDevice(there).shape == (60, 80, 3)


def test_pictures_are_shown_where_the_nets_run(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture(ImageRecord("a", ""), pixels())
    mirror = Picture(ImageRecord("b", ""), np.ascontiguousarray(pixels()[:, ::-1]))
    arrays = find.shown([picture, mirror])
    assert np.array_equal(arrays[0], arrays[1])  # type: ignore[arg-type]
    monkeypatch.setattr(session, "device", lambda: "meta")
    monkeypatch.setattr(find.cuts, "possible", lambda device: True)
    one, two = find.shown([picture, mirror])
    assert isinstance(one, looks.OnDevice) and isinstance(two, looks.OnDevice)
    assert one.turned != two.turned and one.pixels.device.type == "meta"
