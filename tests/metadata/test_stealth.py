import gzip
from pathlib import Path

import pytest
from written_outputs import hide, picture

from iqmetrics.errors import BadInput
from iqmetrics.metadata import stealth
from iqmetrics.metadata.containers import read_container
from iqmetrics.metadata.embedded import read_embedded
from iqmetrics.metadata.stealth import PACKED, PLAIN, hidden_text, read_stealth


def data(magic: bytes, body: bytes) -> bytes:
    return magic + (len(body) * 8).to_bytes(4, "big") + body


def test_plain_and_packed() -> None:
    assert hidden_text(data(PLAIN, "雪".encode()) + b"rest") == "雪"
    assert hidden_text(data(PACKED, gzip.compress(b"fox"))) == "fox"


@pytest.mark.parametrize("noise", [b"", b"\xff" * 100, b"stealth_pngcom"])
def test_no_signature(noise: bytes) -> None:
    assert hidden_text(noise) is None


@pytest.mark.parametrize("broken", [data(PACKED, b"not gzip"), data(PLAIN, b"fox")[:-1]])
def test_broken_text_is_told(broken: bytes) -> None:
    with pytest.raises(ValueError, match="hidden in the alpha plane"):
        hidden_text(broken)


def test_a_packed_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stealth, "MAX_TEXT", 1 << 16)
    body = gzip.compress(bytes(1 << 18))
    hide(picture(), body, PACKED).save(tmp_path / "x.png")
    with pytest.raises(BadInput, match="unpacks to more than"):
        read_embedded(str(tmp_path / "x.png"))


def test_only_png_with_alpha_of_a_bearable_size_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(picture(), b"fox", PLAIN).save(tmp_path / "x.png")
    found = read_container(str(tmp_path / "x.png"))
    hidden = read_stealth(str(tmp_path / "x.png"), found)
    assert hidden is not None
    assert hidden.text == {"parameters": "fox"}
    monkeypatch.setattr(stealth, "MAX_PIXELS", 10)
    assert read_stealth(str(tmp_path / "x.png"), found) is None
    picture().save(tmp_path / "y.png")
    assert read_stealth(str(tmp_path / "y.png"), read_container(str(tmp_path / "y.png"))) is None


def test_ordinary_transparency_hides_nothing(tmp_path: Path) -> None:
    picture("RGBA").save(tmp_path / "x.png")
    assert not read_embedded(str(tmp_path / "x.png"))
