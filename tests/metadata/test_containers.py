import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from written_outputs import picture, save_exif, save_png

from iqmetrics.errors import BadInput
from iqmetrics.metadata import containers
from iqmetrics.metadata.containers import inflate, read_container, user_comment


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, after: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    data = buffer.getvalue()
    return data[:33] + b"".join(chunks) + data[33:-12] + after + data[-12:]


def written(folder: Path, data: bytes, name: str = "x.png") -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


def test_text_chunks_of_all_kinds(tmp_path: Path) -> None:
    packed = zlib.compress("Grüße".encode())
    data = png(
        chunk(b"tEXt", b"latin\0Gr\xfc\xdfe"),
        chunk(b"tEXt", b"utf\0" + "雪".encode()),
        chunk(b"zTXt", b"packed\0\0" + packed),
        chunk(b"iTXt", b"plain\0\0\0en\0key\0" + "雪".encode()),
        chunk(b"iTXt", b"squeezed\0\1\0\0\0" + packed),
        after=chunk(b"tEXt", b"late\0behind the pixels"),
    )
    found = read_container(written(tmp_path, data))
    assert found.text == {
        "latin": "Grüße", "utf": "雪", "packed": "Grüße", "plain": "雪", "squeezed": "Grüße",
        "late": "behind the pixels",
    }  # fmt: skip
    assert found.size == (64, 96)


def test_a_text_bomb_is_refused_and_the_rest_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "MAX_TEXT", 1 << 20)
    bomb = zlib.compress(bytes(8 << 20), 9)
    data = png(chunk(b"zTXt", b"bomb\0\0" + bomb), chunk(b"tEXt", b"good\0yes"))
    found = read_container(written(tmp_path, data))
    assert found.text == {"good": "yes"}
    assert "unpacks to more than" in found.problem


def test_many_small_bombs_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_TEXT", 1 << 20)
    half = zlib.compress(bytes(600 << 10), 9)
    data = png(*(chunk(b"zTXt", b"k%d\0\0" % n + half) for n in range(5)))
    found = read_container(written(tmp_path, data))
    assert list(found.text) == ["k0"]
    assert found.problem


@pytest.mark.parametrize(
    ("length", "problem"), [(5000, "ends inside its metadata"), (0x7FFFFFFF, "over the limit")]
)
def test_a_chunk_longer_than_the_file_is_told(length: int, problem: str, tmp_path: Path) -> None:
    data = png(chunk(b"tEXt", b"good\0yes"))
    data = data[: data.index(b"IDAT") - 4] + struct.pack(">I", length) + b"tEXtkey\0text"
    found = read_container(written(tmp_path, data))
    assert found.text == {"good": "yes"}
    assert problem in found.problem


def test_inflate_gives_up_at_the_limit() -> None:
    assert inflate(zlib.compress(b"a" * 100), 100) == b"a" * 100
    with pytest.raises(ValueError, match="more than 99"):
        inflate(zlib.compress(b"a" * 100), 99)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"UNICODE\0" + "fox 雪, Steps: 1".encode("utf-16-be"), "fox 雪, Steps: 1"),
        (b"UNICODE\0" + "fox 雪, Steps: 1".encode("utf-16-le"), "fox 雪, Steps: 1"),
        (b"UNICODE\0" + "fox".encode("utf-16"), "fox"),
        (b"ASCII\0\0\0fox", "fox"),
        (b"\0\0\0\0\0\0\0\0fox\0\0", "fox"),
        (b"plain text", "plain text"),
    ],
)
def test_user_comment(data: bytes, text: str) -> None:
    assert user_comment(data) == text


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif", "png"])
def test_exif_comment_of_every_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    try:
        save_exif(path, "fox, Steps: 1", t010e="about")
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {suffix}")
    found = read_container(str(path))
    assert found.exif[0x9286] == "fox, Steps: 1"
    assert found.exif[0x010E] == "about"
    assert found.size == (64, 96)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_size_and_alpha(options: dict, mode: str, tmp_path: Path) -> None:
    image = picture(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "x.webp", **options)
    found = read_container(str(tmp_path / "x.webp"))
    assert (found.format, found.size, found.alpha) == ("WEBP", (64, 96), mode == "RGBA")


def test_tiff_description(tmp_path: Path) -> None:
    picture().save(tmp_path / "x.tiff", description="fox, Steps: 1")
    assert read_container(str(tmp_path / "x.tiff")).exif[0x010E] == "fox, Steps: 1"


@pytest.mark.parametrize("suffix", ["gif", "bmp", "tiff"])
def test_other_formats_go_through_pillow(suffix: str, tmp_path: Path) -> None:
    picture().save(tmp_path / f"x.{suffix}")
    assert read_container(str(tmp_path / f"x.{suffix}")).size == (64, 96)


def test_format_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    picture().save(tmp_path / "x.jpg", "PNG")
    assert read_container(str(tmp_path / "x.jpg")).format == "PNG"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_hide_the_text(tmp_path: Path) -> None:
    data = png(chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"), chunk(b"tEXt", b"parameters\0fox"))
    found = read_container(written(tmp_path, data))
    assert found.text == {"parameters": "fox"}


def test_pixels_are_never_decoded(tmp_path: Path) -> None:
    save_png(tmp_path / "x.png", key="value")
    data = bytearray((tmp_path / "x.png").read_bytes())
    at = data.index(b"IDAT") + 8
    data[at : at + 40] = bytes(40)
    assert read_container(written(tmp_path, bytes(data), "y.png")).text == {"key": "value"}


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_every_cut_of_a_good_file_is_read_or_a_clear_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    save_exif(path, "fox, Steps: 1")
    data = path.read_bytes()
    refused = 0
    for length in {*range(0, min(len(data), 400), 3), len(data) - 1}:
        path.write_bytes(data[:length])
        try:
            read_container(str(path))
        except BadInput:
            refused += 1
    assert refused > 0


def test_the_first_text_of_a_keyword_counts(tmp_path: Path) -> None:
    data = png(chunk(b"tEXt", b"prompt\0first"), chunk(b"tEXt", b"prompt\0second"))
    assert read_container(written(tmp_path, data)).text == {"prompt": "first"}


def test_what_follows_the_end_of_a_png_is_not_read(tmp_path: Path) -> None:
    data = png() + chunk(b"tEXt", b"late\0hidden")
    assert read_container(written(tmp_path, data)).text == {}


def test_xmp_is_kept_apart_from_text(tmp_path: Path) -> None:
    packet = '<x:xmpmeta xmlns:x="adobe:ns:meta/">雪</x:xmpmeta>'
    data = png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet.encode()))
    found = read_container(written(tmp_path, data))
    assert (found.text, found.xmp) == ({}, packet)


@pytest.mark.parametrize(
    ("mode", "alpha"), [("L", False), ("LA", True), ("RGB", False), ("RGBA", True)]
)
def test_alpha_of_a_png(mode: str, alpha: bool, tmp_path: Path) -> None:
    Image.new(mode, (3, 5)).save(tmp_path / "x.png")
    found = read_container(str(tmp_path / "x.png"))
    assert (found.size, found.alpha) == ((3, 5), alpha)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
def test_a_jpeg_tells_size_and_comment(options: dict, tmp_path: Path) -> None:
    picture().save(tmp_path / "x.jpg", comment="雪 fox".encode(), **options)
    found = read_container(str(tmp_path / "x.jpg"))
    assert (found.size, found.text) == ((64, 96), {"comment": "雪 fox"})


def test_fill_bytes_and_restart_markers_of_a_jpeg_are_passed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", comment=b"fox")
    data = buffer.getvalue()
    padded = data[:2] + b"\xff\xd0" + b"\xff\x01" + b"\xff\xff\xff" + data[2:]
    found = read_container(written(tmp_path, padded, "x.jpg"))
    assert (found.size, found.text) == ((64, 96), {"comment": "fox"})


@pytest.mark.parametrize(
    "head", [b"", b"\0", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypmp42", b"BM"]
)
def test_what_is_no_image_is_said_to_be_none(head: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_container(written(tmp_path, head + bytes(3)))


def test_a_file_that_is_not_there_names_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_container(str(tmp_path / "雪.png"))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"UNICODE\0", ""),
        (b"UNICODE\0\xd8", "\ufffd"),
        (b"ASCII\0\0\0\xe9", "é"),
        (b"JIS\0\0\0\0\0fox", "fox"),
        ("雪".encode(), "雪"),
    ],
)
def test_user_comments_at_their_limits(data: bytes, text: str) -> None:
    assert user_comment(data) == text


def test_a_file_that_is_no_image_is_told_without_python_objects(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_text("<html>404 not found</html>")
    with pytest.raises(BadInput, match=r"cannot be read: not an image that can be opened$"):
        read_container(str(tmp_path / "page.png"))
