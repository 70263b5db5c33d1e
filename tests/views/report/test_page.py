"""report.html as a file: inert data, a policy that fits, thumbnails inside or beside."""

import base64
import json
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from factory import paint, scored
from report_pages import part_of

from iqmetrics.pipeline.score import Result
from iqmetrics.views.report import bundle, page

HOSTILE = "</script><script>alert(1)</script><!-- &amp; \u2028\u2029"


@pytest.fixture
def result(tmp_path: Path) -> Result:
    for name in ("a b#1?.png", "sub/夏%20.png"):
        path = paint(tmp_path / "in" / name, len(name))
        path.with_suffix(".txt").write_text(HOSTILE.splitlines()[0], "utf-8")
    return scored(tmp_path / "in")


def body_of(html: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    body: dict[str, Any] = json.loads(text)
    return body


def written(result: Result, path: Path, lang: str = "en") -> str:
    page.write(result, {"device": "cpu"}, path, lang)
    return path.read_text("utf-8")


@pytest.mark.parametrize("value", [HOSTILE, [HOSTILE], {HOSTILE: HOSTILE}, "夏", None, 1.5, ""])
def test_inert_text_is_the_same_json_and_cannot_leave_its_element(value: Any) -> None:
    text = page.inert(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_inert_text_can_always_be_written() -> None:
    """Evidence or a path in the settings may hold a name that is not UTF-8."""
    value = {"\udcff": ["a\udcfe.png", "\\udcfd"]}
    text = page.inert(value)
    text.encode("utf-8")
    assert json.loads(text) == value


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        page.inert({"v": float("nan")})


def test_the_policy_names_the_hashes_of_script_and_style(result: Result, tmp_path: Path) -> None:
    html = written(result, tmp_path / "r.html")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', html)
    for text, kind in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy.replace("&#39;", "'")
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_nothing_is_fetched_from_elsewhere(result: Result, tmp_path: Path) -> None:
    html = written(result, tmp_path / "r.html")
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", html)
    assert "fetch(" not in html


def test_a_hostile_prompt_is_only_text(result: Result, tmp_path: Path) -> None:
    html = written(result, tmp_path / "r.html")
    assert "alert(1)" in html
    assert html.count("<script") == 2
    assert set(body_of(html)["prompts"].values()) == {HOSTILE.splitlines()[0].strip()}


def test_an_equal_page_is_not_written_again(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    assert page.write(result, {}, path) is True
    assert page.write(result, {}, path) is False
    assert page.write(result, {}, path, "zh") is True


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_word_is_there_in_both_languages(result: Result, tmp_path: Path, lang: str) -> None:
    html = written(result, tmp_path / "r.html", lang)
    assert f'<html lang="{lang}">' in html
    words = json.loads((Path(page.__file__).parent / "words.json").read_text("utf-8"))
    assert words["en"].keys() == words["zh"].keys()
    assert body_of(html)["words"] == words[lang]


def test_thumbnails_are_inside_the_page(result: Result, tmp_path: Path) -> None:
    body = body_of(written(result, tmp_path / "r.html"))
    assert len(body["images"]) == 2
    for image in body["images"]:
        kind, _, data = image["t"].partition(",")
        assert kind == "data:image/jpeg;base64"
        assert base64.b64decode(data)[:3] == b"\xff\xd8\xff"
    assert not (tmp_path / bundle.THUMBNAILS).exists()


def test_many_thumbnails_lie_beside_the_page(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "INLINE", 1)
    body = body_of(written(result, tmp_path / "r.html"))
    assert body["images"] == [] and body["bundle"]["images"] == 2
    (pack,) = (tmp_path / bundle.THUMBNAILS).iterdir()
    assert [base64.b64decode(text)[:3] for text in part_of(pack)] == 2 * [b"\xff\xd8\xff"]


def test_thumbnails_of_an_earlier_version_and_an_earlier_run_go(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "INLINE", 1)
    folder = tmp_path / bundle.THUMBNAILS
    folder.mkdir()
    for old in ("0123456789abcdef01234567.webp", "pack-0123.js"):
        (folder / old).write_bytes(b"old")
    assert page.write(result, {}, tmp_path / "r.html")
    assert len(list(folder.iterdir())) == 1
    assert not page.write(result, {}, tmp_path / "r.html")


def test_originals_are_found_from_the_page(result: Result, tmp_path: Path) -> None:
    from urllib.parse import unquote

    path = tmp_path / "deep" / "er" / "r.html"
    path.parent.mkdir(parents=True)
    for image in body_of(written(result, path))["images"]:
        assert not set("#?% ") & set(image["o"].replace("%", "", 99).replace("/", ""))
        assert (path.parent / unquote(image["o"])).is_file()


def test_a_name_that_is_not_utf8_is_percent_encoded() -> None:
    odd = os.fsdecode(b"/x/\xff.png")
    assert page._relative(odd, Path("/x")) == "%FF.png"


def test_another_drive_cannot_be_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(page.os.path, "relpath", fail)
    assert page._relative("C:/a.png", Path("D:/")) is None


def test_a_run_without_thumbnails_is_still_a_page(result: Result, tmp_path: Path) -> None:
    result.store._db.execute("DELETE FROM thumbnails")
    images = body_of(written(result, tmp_path / "r.html"))["images"]
    assert all("t" not in image for image in images)


def test_every_script_is_shipped() -> None:
    folder = Path(page.__file__).parent
    assert {p.name for p in folder.glob("*.js")} == set(page.SCRIPTS)
