"""The decode policy on real files: variants of one picture give the same pixels."""

import io
import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hostile_files import good_files, right_checksums
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from iqmetrics.decode import decode, read_bytes
from iqmetrics.errors import ImageProblem


def scene() -> np.ndarray:
    v, u = np.mgrid[0:1:48j, 0:1:64j]
    return np.rint(np.stack([255 * u, 255 * v, 127 + 120 * np.sin(9 * u * v)], axis=2)).astype(
        np.uint8
    )


SCENE = scene()


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def off_by(data: bytes, expected: np.ndarray = SCENE) -> float:
    found = decode(data).pixels
    assert found.shape == expected.shape
    return float(np.abs(found.astype(float) - expected).max())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_are_exact(kind: str) -> None:
    assert off_by(saved(Image.fromarray(SCENE), kind)) == 0


def test_lossless_webp_and_avif() -> None:
    assert off_by(saved(Image.fromarray(SCENE), "WEBP", lossless=True, exact=True)) == 0
    assert off_by(saved(Image.fromarray(SCENE), "AVIF", quality=100, subsampling="4:4:4")) <= 8


def test_jpeg_is_what_pillow_decodes() -> None:
    data = saved(Image.fromarray(SCENE), "JPEG", quality=90)
    assert off_by(data, np.array(Image.open(io.BytesIO(data)))) == 0


def test_fast_png_is_what_pillow_decodes() -> None:
    rng = np.random.default_rng(1)
    for width in (1, 7, 64, 301):
        pixels = rng.integers(0, 256, (50, width, 3), np.uint8)
        assert off_by(saved(Image.fromarray(pixels), "PNG"), pixels) == 0


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_applied(turn: int) -> None:
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[turn]
    methods = [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_90,
               Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270, Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE]  # fmt: skip
    stored = Image.fromarray(SCENE)
    if undo is not None:
        stored = stored.transpose(methods[undo])
    exif = Image.Exif()
    exif[0x0112] = turn
    assert off_by(saved(stored, "PNG", exif=exif)) == 0
    assert ("oriented" in decode(saved(stored, "PNG", exif=exif)).flags) == (turn > 1)


def png16(values: np.ndarray) -> bytes:
    """A 16-bit PNG (grey or RGB) from values of 0..65535."""
    h, w = values.shape[:2]
    color = 2 if values.ndim == 3 else 0
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", w, h, 16, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_sixteen_bits_are_scaled_not_clamped() -> None:
    assert off_by(png16(SCENE.astype(np.uint32) * 257)) <= 1
    grey = SCENE[..., 0].astype(np.uint32)
    assert off_by(png16(grey * 257), np.repeat(SCENE[..., :1], 3, axis=2)) == 0


def test_float_tiff_is_scaled() -> None:
    image = Image.fromarray(SCENE[..., 0].astype(np.float32) / 255)
    assert off_by(saved(image, "TIFF"), np.repeat(SCENE[..., :1], 3, axis=2)) == 0
    broken = Image.fromarray(np.full((4, 4), np.nan, np.float32))
    with pytest.raises(ImageProblem, match="not finite"):
        decode(saved(broken, "TIFF"))


def test_palette_grey_and_bilevel() -> None:
    palette = Image.fromarray(SCENE).quantize(64)
    assert off_by(saved(palette, "PNG"), np.array(palette.convert("RGB"))) == 0
    grey = Image.fromarray(SCENE).convert("L")
    assert off_by(saved(grey, "PNG"), np.array(grey.convert("RGB"))) == 0
    bits = Image.fromarray(SCENE).convert("1")
    assert off_by(saved(bits, "PNG"), np.array(bits.convert("RGB"))) == 0


def test_cmyk_is_close_to_the_picture() -> None:
    assert off_by(saved(Image.fromarray(SCENE).convert("CMYK"), "TIFF")) <= 1


def test_transparency_lies_over_mid_grey_and_is_flagged() -> None:
    alpha = np.full((48, 64, 1), 255, np.uint8)
    alpha[:, :32] = 0
    found = decode(saved(Image.fromarray(np.concatenate([SCENE, alpha], axis=2)), "PNG"))
    assert (found.pixels[:, :32] == 128).all()
    assert (found.pixels[:, 32:] == SCENE[:, 32:]).all()
    assert "alpha" in found.flags
    opaque = np.concatenate([SCENE, np.full_like(alpha, 255)], axis=2)
    assert decode(saved(Image.fromarray(opaque), "PNG")).flags == ()


def test_an_icc_profile_is_converted_to_srgb() -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    untouched = saved(Image.fromarray(SCENE), "PNG", icc_profile=linear.tobytes())
    assert off_by(untouched) == 0
    lab = saved(Image.fromarray(SCENE), "PNG", icc_profile=b"no profile")
    assert decode(lab).flags == ("icc ignored",)


def test_the_first_frame_of_an_animation_is_shown() -> None:
    first, second = Image.fromarray(SCENE).quantize(64), Image.new("P", (64, 48))
    data = saved(first, "GIF", save_all=True, append_images=[second])
    found = decode(data)
    assert "animated" in found.flags
    assert np.abs(found.pixels.astype(int) - np.array(first.convert("RGB"))).max() <= 2


def problem(data: bytes, **options: int) -> str:
    with pytest.raises(ImageProblem) as error:
        decode(data, **options)
    assert error.value.reason
    return error.value.status


PNG = saved(Image.fromarray(SCENE), "PNG")
JPEG = saved(Image.fromarray(SCENE), "JPEG", quality=95)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", "truncated"), (PNG[:5], "truncated"), (PNG[:40], "truncated"), (PNG[:-400], "truncated"),
        (JPEG[:3], "truncated"), (JPEG[:-300], "truncated"),
        (b"hello, this is text", "unsupported"), (b"%!PS-Adobe-3.0 EPSF-3.0\n", "unsupported"), (b"\0" * 4096, "unsupported"),
    ],
)  # fmt: skip
def test_each_broken_file_has_one_status(data: bytes, status: str) -> None:
    assert problem(data) == status


def test_a_damaged_png_is_never_half_a_picture() -> None:
    for at in range(60, len(PNG) - 20, 97):
        damaged = bytearray(PNG)
        damaged[at] ^= 0xFF
        try:
            pixels = decode(bytes(damaged)).pixels
        except ImageProblem:
            continue
        assert (pixels == SCENE).all()


def test_a_huge_header_is_too_large_before_any_decoding() -> None:
    head = bytearray(PNG)
    head[16:24] = struct.pack(">II", 65535, 65535)
    head[29:33] = struct.pack(">I", zlib.crc32(bytes(head[12:29])))
    assert problem(bytes(head)) == "too_large"
    assert problem(PNG, max_pixels=100) == "too_large"


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(PNG)
    assert (decode(read_bytes(str(tmp_path / "a.jpg"))).pixels == SCENE).all()


def test_what_is_no_readable_file_is_told_and_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.png")
    for path in (tmp_path / "fifo.png", tmp_path, tmp_path / "gone.png"):
        with pytest.raises(ImageProblem) as error:
            read_bytes(str(path))
        assert error.value.status == "unreadable"


GOOD = good_files()


def outcome(data: bytes) -> np.ndarray | ImageProblem:
    try:
        return decode(data, max_pixels=1_000_000).pixels
    except ImageProblem as found:
        return found


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=8),
    st.integers(0, 1 << 20),
)
def test_any_damage_gives_a_picture_or_one_of_four_statuses(
    name: str, flips: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(GOOD[name])
    for at, bits in flips:
        data[at % len(data)] ^= bits
    if length % 3 == 0:
        del data[length % len(data) :]
    found = outcome(right_checksums(bytes(data)))
    if isinstance(found, ImageProblem):
        assert found.status in ("unreadable", "unsupported", "too_large", "truncated")
        assert found.reason
    else:
        assert found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 3


def test_a_file_is_read_in_no_more_memory_than_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(1 << 20))
    tracemalloc.start()
    try:
        assert len(read_bytes(str(path), limit=1 << 28)) == 1 << 20
        assert tracemalloc.get_traced_memory()[1] < 3 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
def test_a_file_that_is_longer_than_the_system_says_is_read_whole() -> None:
    path = "/proc/self/status"  # 0 bytes long, as it is told
    assert read_bytes(path).startswith(b"Name:") and read_bytes(path).count(b"\n") > 20
    with pytest.raises(ImageProblem, match="more than 100 bytes in one file"):
        read_bytes(path, limit=100)
