"""Rows of PNGs against Pillow: every filter, odd sizes, and nothing that is damaged."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from hostile_files import bombs, good_files, mutations
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from iqmetrics import png_rows, sniff
from iqmetrics.decode import decode, empty
from iqmetrics.errors import ImageProblem


def filtered(pixels: np.ndarray, kinds: list[int]) -> bytes:
    """The rows with these filters, each as PNG's section 9.2 writes it: byte less prediction."""
    height, width = pixels.shape[:2]
    padded = np.zeros((height + 1, width + 1, 3), int)
    padded[1:, 1:] = pixels
    left, above, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    guess = left + above - corner
    off = np.stack([abs(guess - left), abs(guess - above), abs(guess - corner)])
    paeth = np.choose(off.argmin(0), [left, above, corner])  # the first of equals, as there
    predictions = [0 * left, left, above, (left + above) // 2, paeth]
    rows = [(pixels[y] - predictions[kind][y]) % 256 for y, kind in enumerate(kinds)]
    return b"".join(
        bytes([kind]) + row.astype(np.uint8).tobytes()
        for kind, row in zip(kinds, rows, strict=True)
    )


def png(pixels: np.ndarray, packed: bytes, interlace: int = 0, parts: int = 1) -> bytes:
    """A PNG of 8-bit RGB around a compressed stream, which is split into `parts`."""
    height, width = pixels.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlace)
    step = -(-len(packed) // parts)
    body = [packed[at : at + step] for at in range(0, len(packed), step)]
    chunks = [(b"IHDR", head), *((b"IDAT", part) for part in body), (b"IEND", b"")]
    return sniff.PNG + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def read(data: bytes) -> np.ndarray | None:
    chunks = sniff.check_png(data)
    assert chunks is not None
    return png_rows.read(data, chunks, empty)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 99))
def test_every_filter_gives_what_pillow_reads(width: int, kinds: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.integers(-9, 10, (len(kinds), width, 3)).cumsum(1)  # near values, so ties happen
    pixels = (steps % 256).astype(np.uint8)
    data = png(pixels, zlib.compress(filtered(pixels, kinds)), parts=1 + seed % 3)
    assert (np.asarray(Image.open(io.BytesIO(data))) == pixels).all()
    found = read(data)
    assert found is not None and (found == pixels).all()


PIXELS = np.random.default_rng(3).integers(0, 256, (5, 4, 3), np.uint8)
ROWS = filtered(PIXELS, [4, 3, 2, 1, 0])


@pytest.mark.parametrize(
    "packed",
    [
        zlib.compress(ROWS[:-1]),
        zlib.compress(ROWS + b"\0"),
        zlib.compress(ROWS)[:-1] + bytes([zlib.compress(ROWS)[-1] ^ 1]),
        zlib.compress(ROWS)[:20],
        zlib.compress(b"\5" + ROWS[1:]),
    ],
    ids=["short", "long", "checksum", "cut", "no such filter"],
)
def test_what_is_not_whole_is_left_to_the_others(packed: bytes) -> None:
    assert read(png(PIXELS, packed)) is None


def test_interlaced_pictures_are_left_to_the_others() -> None:
    assert read(png(PIXELS, zlib.compress(ROWS), interlace=1)) is None
    assert read(png(PIXELS, zlib.compress(ROWS))) is not None


def outcome(data: bytes, quick: bool) -> object:
    try:
        found = decode(data, max_pixels=1_000_000, quick=quick)
    except ImageProblem as problem:
        return problem.status, problem.reason
    return found.pixels.tobytes(), found.pixels.shape, found.flags


@pytest.mark.parametrize("name", good_files())
def test_quick_decoding_gives_the_same_pixels(name: str) -> None:
    data = good_files()[name]
    assert outcome(data, quick=True) == outcome(data, quick=False)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_quick_decoding_says_the_same_of_damaged_files() -> None:
    hostile = {name: data for name, (data, _) in bombs().items()} | dict(mutations(300, seed=5))
    for name, data in hostile.items():
        assert outcome(data, quick=True) == outcome(data, quick=False), name


def test_quick_pixels_go_where_they_are_asked_to() -> None:
    place = np.zeros((5, 4, 3), np.uint8)
    data = png(PIXELS, zlib.compress(ROWS))
    assert decode(data, into=lambda height, width: place, quick=True).pixels is place
    assert (place == PIXELS).all()


def rows(data: bytes) -> png_rows.Rows | None:
    chunks = sniff.check_png(data)
    assert chunks is not None
    return png_rows.rows(data, chunks, empty)


def test_filters_can_be_left_on_and_undone_later() -> None:
    data = png(PIXELS, zlib.compress(ROWS))
    found = rows(data)
    assert found is not None and found.shape == PIXELS.shape
    assert found.lines.tobytes() == ROWS
    assert (found.pixels() == PIXELS).all() and (found.pixels() == PIXELS).all()
    decoded = decode(data, quick=True, rows=True)
    assert decoded.filtered and decoded.pixels.shape == (5, 5, 3)
    assert not decode(data, rows=True).filtered, "only where it is decoded quickly"


def test_rows_that_a_gpu_would_not_take_are_undone_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = np.ascontiguousarray(PIXELS[:, :3])
    data = png(narrow, zlib.compress(filtered(narrow, [4, 3, 2, 1, 0])))
    assert rows(data) is None
    found = decode(data, quick=True, rows=True)
    assert not found.filtered and (found.pixels == narrow).all()
    data = png(PIXELS, zlib.compress(ROWS))
    assert rows(png(PIXELS, zlib.compress(ROWS)[:20])) is None
    for limit, most in (("WIDEST", 3), ("LARGEST", 5 * 5 * 3 - 1)):
        with monkeypatch.context() as patch:
            patch.setattr(png_rows, limit, most)
            assert rows(data) is None, limit
    assert rows(data) is not None


@pytest.mark.parametrize(
    "room",
    [np.zeros((5, 4, 3), np.uint8), np.zeros((5, 1, 3), np.uint8), np.zeros((5, 10, 3))[:, ::2]],
    ids=["width", "none", "gaps"],
)
def test_rows_lie_in_no_other_room(room: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rows cannot lie"):
        png_rows.Rows(room)


def test_the_nearest_neighbour_is_that_of_the_specification() -> None:
    """W3C PNG, section 9.4, word for word, on every fifth value of all three."""
    values = range(0, 256, 5)
    for a, b, c in itertools.product(values, repeat=3):
        p = a + b - c
        pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
        wanted = a if pa <= pb and pa <= pc else b if pb <= pc else c
        assert png_rows.paeth(a, b, c) == wanted, (a, b, c)
