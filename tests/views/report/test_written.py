"""The written file: whole, inert, and the same bytes for the same run."""

import re
from base64 import b64decode
from pathlib import Path

import pytest
from report_pages import HOSTILE, PROTOCOL, embedded, result

from iqmetrics.views.report import page


def test_the_page_holds_everything_and_loads_nothing(written: dict[str, Path]) -> None:
    text = written["en"].read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=[\"']https?:", text)
    body = embedded(written["en"])
    pictures = [image for image in body["images"] if "t" in image]
    assert len(pictures) == 12
    assert b64decode(pictures[0]["t"].partition(",")[2])[8:12] == b"WEBP"


def test_originals_are_named_relative_to_the_page(written: dict[str, Path]) -> None:
    for image in embedded(written["en"])["images"]:
        assert image["o"] == image["f"]


def test_a_string_cannot_leave_its_script_element(written: dict[str, Path]) -> None:
    text = written["en"].read_text("utf-8")
    assert text.count("<script") == text.count("</script>") == 2
    assert embedded(written["en"])["protocol"]["note"] == HOSTILE


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028\u2029", "&lt;"])
def test_inert_json_has_no_markup(text: str) -> None:
    assert not set("<>&\u2028\u2029") & set(page.inert({"a": text}))


def test_an_equal_run_writes_equal_bytes(tmp_path: Path) -> None:
    found = result(tmp_path)
    assert page.write(found, PROTOCOL, tmp_path / "r.html")
    assert not page.write(found, PROTOCOL, tmp_path / "r.html")


def test_many_images_keep_their_thumbnails_beside_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "INLINE", 5)
    page.write(result(tmp_path), PROTOCOL, tmp_path / "r.html")
    first = embedded(tmp_path / "r.html")["images"][0]
    assert first["t"].startswith(page.THUMBNAILS + "/")
    assert (tmp_path / first["t"]).read_bytes()[8:12] == b"WEBP"


def test_a_path_is_percent_encoded(tmp_path: Path) -> None:
    assert page._relative(str(tmp_path / "a #?%.png"), tmp_path) == "a%20%23%3F%25.png"
    assert page._relative(str(tmp_path / "a\udcff.png"), tmp_path) == "a%FF.png"


def test_both_languages_have_the_same_words() -> None:
    import json
    from importlib.resources import files

    words = json.loads(files("iqmetrics.views.report").joinpath("words.json").read_text("utf-8"))
    assert words["en"].keys() == words["zh"].keys()
