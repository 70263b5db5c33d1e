"""Colour: profiles against littlecms on the whole picture, scaling, transparency, bands."""

import io

import numpy as np
import pytest
from hostile_files import saved, scene
from PIL import Image, ImageCms

from iqmetrics import decode as policy
from iqmetrics.decode import decode

SCENE = scene()
PIXELS = np.asarray(SCENE)


def profile(gamma: float, name: bytes = b"", primaries: str = "sRGB") -> bytes:
    """An sRGB matrix profile with another tone curve, optionally renamed (same length)."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile(primaries)).tobytes())
    count = int.from_bytes(data[128:132])
    for at in range(132, 132 + 12 * count, 12):
        tag, where = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8])
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            data[where : where + 16] = b"para\0\0\0\0\0\0\0\0" + round(gamma * 65536).to_bytes(4)
    return bytes(data)


def test_a_linear_profile_named_srgb_is_converted() -> None:
    icc = profile(1.0)
    named = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc)))
    assert "sRGB" in named
    found = decode(saved(SCENE, "PNG", icc_profile=icc))
    linear = PIXELS / 255
    expected = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert found.flags == ("icc",)
    assert np.abs(found.pixels - 255 * expected).max() <= 1.5


def test_srgb_itself_changes_nothing_and_is_not_flagged() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = decode(saved(SCENE, "PNG", icc_profile=icc))
    assert (found.pixels == PIXELS).all() and found.flags == ()


def test_a_picture_stored_through_a_profile_comes_back() -> None:
    icc = profile(1.8)
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    stored = ImageCms.profileToProfile(SCENE, ImageCms.createProfile("sRGB"), source)
    assert stored is not None and np.abs(np.asarray(stored, int) - PIXELS).mean() > 5
    for kind in ("PNG", "TIFF"):
        found = decode(saved(stored, kind, icc_profile=icc))
        assert np.abs(found.pixels.astype(int) - PIXELS).mean() < 0.01 * 255
        assert "icc" in found.flags


def test_grey_with_a_colour_profile_is_converted() -> None:
    grey = SCENE.convert("L")
    found = decode(saved(grey, "PNG", icc_profile=profile(1.0)))
    expected = decode(saved(grey.convert("RGB"), "PNG", icc_profile=profile(1.0)))
    assert (found.pixels == expected.pixels).all() and found.flags == ("icc",)


def test_a_profile_of_another_space_or_of_nothing_is_flagged() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for icc in (lab, b"no profile"):
        found = decode(saved(SCENE, "PNG", icc_profile=icc))
        assert found.flags == ("icc ignored",) and (found.pixels == PIXELS).all()


def test_lab_becomes_srgb() -> None:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    found = decode(saved(to_lab.apply(SCENE), "TIFF"))
    assert np.abs(found.pixels.astype(int) - PIXELS).mean() < 0.01 * 255


@pytest.mark.parametrize("width", [1, 7, 64])
def test_alpha_over_mid_grey_is_exact(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(width)
    rgba = rng.integers(0, 256, (33, width, 4), np.uint8)
    part = rgba[..., 3:] / 255.0
    expected = np.rint(rgba[..., :3] * part + 128 * (1 - part))
    data = saved(Image.fromarray(rgba), "PNG")
    assert (decode(data).pixels == expected).all()
    monkeypatch.setattr(policy, "BAND_PIXELS", 3 * width)
    assert (decode(data).pixels == expected).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_bands_make_no_difference(turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    files = [
        saved(SCENE, "JPEG", exif=exif),
        saved(SCENE.quantize(16), "PNG", exif=exif, transparency=2),
        saved(SCENE.convert("CMYK"), "JPEG", exif=exif),
        saved(SCENE, "PNG", exif=exif, icc_profile=profile(1.4)),
    ]
    whole = [decode(data) for data in files]
    monkeypatch.setattr(policy, "BAND_PIXELS", 5 * 64)
    for data, expected in zip(files, whole, strict=True):
        found = decode(data)
        assert (found.pixels == expected.pixels).all() and found.flags == expected.flags


def test_deep_grey_with_a_transparent_level() -> None:
    values = (np.asarray(SCENE.convert("L"), np.uint16)) * 257
    values[:8] = 4660
    found = decode(saved(Image.fromarray(values), "PNG", transparency=4660))
    assert (found.pixels[:8] == 128).all() and set(found.flags) == {"high bit depth", "alpha"}


@pytest.mark.parametrize(("top", "expected"), [(1.0, 255), (255.0, 255), (65535.0, 255)])
def test_floats_are_scaled_by_their_range(top: float, expected: int) -> None:
    values = np.linspace(0, top, 64, dtype=np.float32).reshape(8, 8)
    pixels = decode(saved(Image.fromarray(values), "TIFF")).pixels
    assert pixels.min() == 0 and pixels.max() == expected
    assert np.abs(pixels[..., 0] - 255 * values / top).max() <= 0.51


def test_integers_beyond_sixteen_bits_are_scaled_not_clamped() -> None:
    values = np.linspace(0, 2**31 - 1, 64).astype(np.int32).reshape(8, 8)
    pixels = decode(saved(Image.fromarray(values), "TIFF")).pixels
    assert np.unique(pixels).size > 60 and pixels.max() == 255
