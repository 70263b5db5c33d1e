"""What bytes say: the kind, whether they end early, which PNG chunks stand in them."""

import sys
import zlib
from types import SimpleNamespace

import pytest
from hostile_files import chunk, good_files, saved, scene

from iqmetrics import sniff
from iqmetrics.errors import ImageProblem
from iqmetrics.sniff import LONG_TEXT, check_png, is_cut, is_plain, name_of, without_long_text

GOOD = good_files()
KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WebP", "gif": "GIF", "bmp": "BMP", "tiff": "TIFF"}
KINDS["avif"] = "AVIF"
PLAIN = saved(scene(), "PNG")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_format_is_known_by_its_content(name: str) -> None:
    assert name_of(GOOD[name]) == KINDS[name.rpartition(".")[2]]


@pytest.mark.parametrize("name", sorted(n for n in GOOD if not n.endswith(".tiff")))
def test_a_file_cut_in_half_is_seen_by_its_structure(name: str) -> None:
    data = GOOD[name]
    assert is_cut(data[: len(data) // 2])
    assert not is_cut(data)


def test_a_tiff_whose_directory_is_gone_is_cut() -> None:
    data = GOOD["tiff_lzw.tiff"]
    assert not is_cut(data)
    where = int.from_bytes(data[4:8], "little")
    assert is_cut(data[:where])


def test_other_files_are_none_of_ours() -> None:
    for data in (b"", b"text", b"%!PS-Adobe-3.0", b"<svg/>", b"\0" * 99):
        assert name_of(data) == ""


def test_a_wrong_checksum_of_the_picture_is_refused_and_of_the_text_is_not() -> None:
    text = chunk(b"tEXt", b"prompt\0a cat")
    told = PLAIN[:33] + text[:-1] + b"?" + PLAIN[33:]
    assert check_png(told) is not None
    at = PLAIN.index(b"IDAT") + 9
    broken = PLAIN[:at] + bytes([PLAIN[at] ^ 1]) + PLAIN[at + 1 :]
    with pytest.raises(ImageProblem, match="IDAT"):
        check_png(broken)
    assert check_png(PLAIN[:-12]) is None


def test_a_png_ends_at_its_end_chunk_whatever_follows() -> None:
    chunks = check_png(PLAIN + chunk(b"tEXt", b"prompt\0behind the end"))
    assert chunks == check_png(PLAIN) and chunks is not None and chunks[-1][2] == len(PLAIN)
    assert check_png(PLAIN[:8]) is None, "a signature alone"


def test_only_samples_without_colour_or_shape_chunks_are_plain() -> None:
    def plain(data: bytes) -> bool:
        chunks = check_png(data)
        assert chunks is not None
        return is_plain(data, chunks)

    def extra(name: bytes, body: bytes) -> bytes:
        return PLAIN[:33] + chunk(name, body) + PLAIN[33:]

    assert plain(PLAIN) and plain(extra(b"tEXt", b"prompt\0a cat"))
    for name, body in (
        (b"pHYs", bytes(9)), (b"tIME", bytes(7)), (b"sRGB", b"\0"),
        (b"zTXt", b"a\0\0" + zlib.compress(b"b")), (b"iTXt", b"a\0\0\0\0\0b"),
    ):  # fmt: skip
        assert plain(extra(name, body)), name
    assert not plain(extra(b"gAMA", b"\0\0\xb1\x8f"))
    assert not plain(extra(b"tEXt", b"XML:com.adobe.xmp\0tiff:Orientation='6'"))
    assert not plain(GOOD["palette.png"]) and not plain(GOOD["rgb16.png"])
    assert not plain(GOOD["exif-icc.png"]) and not plain(GOOD["anim.png"])


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"tEXt", b"workflow\0" + b"x" * LONG_TEXT),
        chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * (LONG_TEXT + 1))),
        chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b"x" * (LONG_TEXT + 1))),
        chunk(b"zTXt", b"workflow\0\0no stream"),
    ],
)
def test_long_or_broken_text_is_left_out_and_nothing_else(text: bytes) -> None:
    data = PLAIN[:33] + chunk(b"tEXt", b"prompt\0a cat") + text + PLAIN[33:]
    chunks = check_png(data)
    assert chunks is not None
    assert without_long_text(data, chunks) == data.replace(text, b"")


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b"a cat")),
        chunk(b"iTXt", b"workflow\0\1\0de\0Ablauf\0" + zlib.compress(b"a cat")),
        chunk(b"iTXt", b"workflow\0\0\0\0\0a cat"),
        chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"a cat")),
        chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * LONG_TEXT)),
        chunk(b"IDAT", bytes(LONG_TEXT)) + chunk(b"tEXt", b"behind\0a large picture"),
    ],
    ids=["packed", "translated", "plain", "packed-latin", "as-long-as-may-be", "far-behind"],
)
def test_short_text_stays(text: bytes) -> None:
    data = PLAIN[:33] + text + PLAIN[33:]
    chunks = check_png(data)
    assert chunks is not None and without_long_text(data, chunks) is data


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x1cftypmp42\0\0\0\0isommp42", ""),
        (b"\0\0\0\x1cfreeavif", ""),
        (b"\0\0\0\x1cftypmp42" + bytes(40) + b"avif", ""),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"RIFX\0\0\0\0WEBP", ""),
        (b"WEBP", ""),
        (b"", ""),
    ],
)
def test_containers_are_known_by_what_they_hold(data: bytes, name: str) -> None:
    assert sniff.name_of(data) == name


def box(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return (len(body) + 8 if size is None else size).to_bytes(4) + name + body


FTYP = box(b"ftyp", b"avif\0\0\0\0")


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (FTYP + box(b"mdat", b"x" * 9), False),
        (FTYP + box(b"mdat", b"x" * 9)[:-1], True),
        (FTYP + box(b"mdat", b"x" * 9, 0), False),
        (FTYP + box(b"mdat", (25).to_bytes(8) + b"x" * 9, 1), False),
        (FTYP + box(b"mdat", (26).to_bytes(8) + b"x" * 9, 1), True),
        (FTYP + box(b"mdat", b"", 3), False),
        (FTYP + box(b"meta", b"idat"), False),
        (FTYP + box(b"meta", b"none"), True),
    ],
    ids=[
        "whole",
        "short",
        "to-the-end",
        "long-size",
        "long-size-short",
        "odd-size",
        "idat",
        "none",
    ],
)
def test_the_boxes_of_an_avif_tell_where_it_ends(data: bytes, cut: bool) -> None:
    assert sniff.is_cut(data) is cut


@pytest.mark.parametrize("missing", [0, 1])
def test_a_size_in_the_head_is_held_against_the_file(missing: int) -> None:
    body = bytes(20)[missing:]
    assert sniff.is_cut(b"BM" + (26).to_bytes(4, "little") + body) is bool(missing)
    assert sniff.is_cut(b"RIFF" + (24).to_bytes(4, "little") + b"WEBP" + body) is bool(missing)
    for order, head in (("little", b"II*\0"), ("big", b"MM\0*")):
        last = (27).to_bytes(4, order)  # type: ignore[arg-type]
        assert sniff.is_cut(head + last + body) is bool(missing)


@pytest.mark.parametrize("word", sniff.CUT_WORDS)
def test_what_a_decoder_says_of_an_end_counts(word: str) -> None:
    assert sniff.is_cut(b"whatever", f"Image file is {word.upper()} (3 bytes)")
    assert not sniff.is_cut(b"whatever", "bad checksum")


@pytest.mark.parametrize("there", [True, False, None])
def test_checksums_are_the_same_whoever_counts_them(
    there: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libdeflate, an imagecodecs without it, or none at all."""
    codecs = pytest.importorskip("imagecodecs") if there else None
    if there is False:
        codecs = SimpleNamespace(DEFLATE=SimpleNamespace(available=False))
    monkeypatch.setitem(sys.modules, "imagecodecs", codecs)
    assert (sniff._checksum() is zlib.crc32) == (not there)
    data = PLAIN
    assert check_png(data)
    at = data.index(b"IDAT") + 6
    with pytest.raises(ImageProblem, match="checksum of IDAT"):
        check_png(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_only_text_tells_of_an_orientation() -> None:
    """The same letters inside the packed pixels mean nothing."""
    data = PLAIN
    chunks = check_png(data)
    assert chunks is not None and is_plain(data, chunks)
    said = [(name, *place) for name, *place in chunks]
    start = data.index(b"IDAT") - 4
    pretend = data[: start + 8] + b"tiff:Orientation" + data[start + 24 :]
    assert is_plain(pretend, said)
    text = [(b"tEXt", *place) if name == b"IDAT" else (name, *place) for name, *place in said]
    assert not is_plain(pretend, text)
