"""The server answers what it should, to whom it should, and nothing by path."""

import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factory import paint, scored
from PIL import Image

pytest.importorskip("starlette")
pytest.importorskip("httpx")
from starlette.testclient import TestClient

import iqmetrics
from iqmetrics.errors import Unavailable
from iqmetrics.views import serve


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("out")
    for number in range(3):
        pixels = np.full((40, 60, 3), 50 * number, np.uint8)
        Image.fromarray(pixels).save(root / f"{number}.png")
        (root / f"{number}.txt").write_text(f'<script>alert({number})</script> "x"')
    iqmetrics.score(root, scorers=("size",), out=root / "iqm")
    return root / "iqm"


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(serve.application(folder, "secret"), base_url="http://127.0.0.1:8000")


def test_the_page_shows_the_scorecard_and_runs_only_its_own_script(client: TestClient) -> None:
    client.get("/feed/secret/scorecard.csv")
    page = client.get("/")
    assert "size.<wbr>width" in page.text
    assert "60 [60, 60] n=3" in page.text
    assert "script-src 'sha256-" in page.headers["content-security-policy"]
    assert client.get("/live").text.strip().startswith("<table ")


def test_images_are_named_by_number_and_prompts_are_text(client: TestClient) -> None:
    page = client.get("/images").text
    assert "1 to 3 of 3 images" in page
    assert "<script>alert" not in page
    assert client.get("/images/0").headers["content-type"] == "image/png"
    assert client.get("/images/0?small").headers["content-type"] == "image/jpeg"
    assert client.get("/images/99").status_code == 404


def test_the_report_shows_originals_which_are_named_by_number(
    folder: Path, client: TestClient
) -> None:
    from iqmetrics.pipeline.score import read
    from iqmetrics.store import Store
    from iqmetrics.views.report import page

    with Store(folder / "scores.sqlite") as store:
        page.write(read(store), {"scorers": []}, folder / "report.html")
    sent = client.get("/report")
    assert sent.headers["content-type"].startswith("text/html")
    data = json.loads(sent.text.split('id="data">')[1].split("</script>")[0])
    assert [(i["f"], i["o"]) for i in data["images"]] == [
        (f"{n}.png", f"/images/{n}") for n in range(3)
    ]
    assert client.get("/images/2").content == (folder.parent / "2.png").read_bytes()
    assert '"../' not in sent.text
    links = client.get("/images").text
    assert 'href="/report"' in links and "/feed/secret/scorecard.csv" in links
    (folder / "report.html").unlink()


def test_a_report_of_very_many_images_finds_its_parts(
    folder: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iqmetrics.pipeline.score import read
    from iqmetrics.store import Store
    from iqmetrics.views.report import bundle, page

    monkeypatch.setattr(page, "INLINE", 1)
    page.write(read(Store(folder / "scores.sqlite")), {}, folder / "report.html")
    index = client.get("/report_data/index.js")
    assert index.text.startswith('part("index",')
    assert "javascript" in index.headers["content-type"]
    (pack,) = (folder / bundle.THUMBNAILS).iterdir()
    assert client.get(f"/report_thumbnails/{pack.name}").text.startswith('part("pack-')
    for path in ("/report_data/none.js", "/report_data/..%2Fscores.sqlite", "/report_data/a.txt"):
        assert client.get(path).status_code == 404
    locked = TestClient(serve.application(folder, "s", locked=True), base_url="http://127.0.0.1")
    assert locked.get("/report_data/index.js").status_code == 403


@pytest.mark.parametrize(
    "path", ["/images/..%2F..%2Fetc%2Fpasswd", "/images/0.png", "/0.png", "/iqm/scores.sqlite"]
)
def test_nothing_is_reached_by_path(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 or answer.headers["content-type"].startswith("image/")
    assert b"root:" not in answer.content


def test_the_feed_is_csv_with_an_etag(client: TestClient) -> None:
    first = client.get("/feed/secret/scorecard.csv")
    assert first.headers["content-type"] == "text/csv; charset=utf-8"
    assert first.text.startswith("model,metric,mean,low,high")
    again = client.get(
        "/feed/secret/scorecard.csv", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/feed/guess/scorecard.csv").status_code == 404


def test_a_feed_that_is_too_large_is_refused_and_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "FEED_BYTES", 10)
    answer = client.get("/feed/secret/scorecard.csv")
    assert answer.status_code == 413
    assert "iqm export" in answer.text


def test_another_host_is_not_answered(client: TestClient) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_beyond_loopback_every_page_needs_the_token(folder: Path) -> None:
    app = serve.application(folder, "secret", ("box.example",), locked=True)
    client = TestClient(app, base_url="http://box.example")
    assert client.get("/").status_code == 403
    assert client.get("/images/0").status_code == 403
    assert client.get("/?token=secret").status_code == 200
    assert client.get("/images").status_code == 200, "the page set a cookie"


def test_names_that_are_not_utf8_are_shown(tmp_path: Path) -> None:
    """Such an image, or a model's folder called so, used to end in an error 500."""
    odd = paint(tmp_path / "out" / os.fsdecode(b"m\xff") / "a.png")
    paint(tmp_path / "out" / "n" / os.fsdecode(b"\xfe.png"), 7)
    scored(tmp_path / "out")
    app = serve.application(tmp_path / "out" / "iqm", "secret")
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    for path in ("/", "/live", "/images", "/images/0", "/images/1?small"):
        assert client.get(path).status_code == 200, path
    assert "m\\udcff" in client.get("/").text
    assert client.get("/images/0").content == odd.read_bytes()
    assert "udcff" in client.get("/feed/secret/scorecard.csv").text


@pytest.mark.parametrize("page", ["-1", "x", "999999999999999999999", "٣", "1e3", "7"])
def test_any_page_number_is_answered(client: TestClient, page: str) -> None:
    assert client.get("/images", params={"page": page}).status_code == 200


def small(tmp_path: Path, count: int = 3) -> Path:
    """A scored folder of its own, for tests that break it."""
    for number in range(count):
        paint(tmp_path / "out" / f"{number}.png", 40 * number)
    scored(tmp_path / "out")
    return tmp_path / "out" / "iqm"


def opened(path: Path, token: str = "secret", **options: Any) -> TestClient:
    return TestClient(
        serve.application(path, token, **options),
        base_url="http://127.0.0.1:8000",
        raise_server_exceptions=False,
    )


def test_an_image_that_was_moved_away_is_not_another_one(tmp_path: Path) -> None:
    client = opened(small(tmp_path))
    (tmp_path / "out" / "1.png").unlink()
    gone = client.get("/images/1")
    assert (gone.status_code, gone.text) == (404, "No such image.")
    assert client.get("/images/2").status_code == 200


@pytest.mark.parametrize("number", ["-1", "x", "0.png", "٣", "1e0", "0" * 12, "9" * 11])
def test_what_is_no_number_of_an_image_shows_none(client: TestClient, number: str) -> None:
    """It used to show the first image."""
    assert client.get(f"/images/{number}").status_code == 404


def test_an_image_without_a_thumbnail_is_shown_whole(tmp_path: Path) -> None:
    path = small(tmp_path, 1)
    with sqlite3.connect(path / "scores.sqlite") as store:
        store.execute("DELETE FROM thumbnails")
    answer = opened(path).get("/images/0?small")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == (tmp_path / "out" / "0.png").read_bytes()


def test_every_image_stands_on_one_page(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "PER_PAGE", 2)
    first, second = (client.get(f"/images?page={page}").text for page in (0, 1))
    shown = [[f'src="/images/{n}?small"' in page for n in range(3)] for page in (first, second)]
    assert shown == [[True, True, False], [False, False, True]]
    assert "1 to 2 of 3" in first and "3 to 3 of 3" in second


def test_a_store_that_is_broken_is_told_on_every_page_and_in_the_feed(tmp_path: Path) -> None:
    path = small(tmp_path)
    for log in path.glob("scores.sqlite-*"):
        log.unlink()
    (path / "scores.sqlite").write_bytes(b"no database at all" * 400)
    client = opened(path)
    for place in ("/images", "/images/0", "/feed/secret/scorecard.csv"):
        answer = client.get(place)
        assert answer.status_code == 404, place
        assert "scores.sqlite cannot be opened as a score store" in answer.text
    assert "No such feed" in client.get("/feed/guess/scorecard.csv").text


def test_before_there_is_a_report_the_page_says_so(tmp_path: Path) -> None:
    path = small(tmp_path, 1)
    (path / "report.html").unlink(missing_ok=True)
    client = opened(path)
    answer = client.get("/report")
    assert (answer.status_code, answer.text) == (404, "No report yet.")
    assert 'href="/report"' not in client.get("/").text + client.get("/images").text


@pytest.mark.parametrize(
    "page",
    ["", "<p>Gr\xf6\xdfe</p>", '<p id="data">[]</script>', '<p id="data">{}</script>'],
)
def test_a_report_that_is_none_of_ours_is_told(tmp_path: Path, page: str) -> None:
    """It was cut short, or another program wrote it; this used to end in an error 500."""
    path = small(tmp_path, 1)
    (path / "report.html").write_bytes(page.encode("latin-1"))
    answer = opened(path).get("/report")
    assert answer.status_code == 404
    assert "iqm report FOLDER writes it again" in answer.text


def test_every_answer_says_how_a_browser_must_take_it(client: TestClient) -> None:
    for place in ("/", "/live", "/images", "/images/0", "/images/99", "/favicon.ico"):
        found = client.get(place).headers
        assert found["x-content-type-options"] == "nosniff", place
        assert found["referrer-policy"] == "no-referrer", place
        assert found["cache-control"] == "no-cache", place
        assert "default-src 'none'" in found["content-security-policy"], place
    assert "content-security-policy" not in client.get("/report").headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(folder: Path) -> None:
    client = opened(folder, locked=True)
    refused = client.get("/")
    assert refused.status_code == 403 and "set-cookie" not in refused.headers
    assert refused.text == "The address lacks its token."
    client.cookies.set("token", "")
    assert client.get("/images?token=Secret").status_code == 403
    cookie = client.get("/?token=secret").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert "set-cookie" not in opened(folder).get("/").headers


def test_a_locked_feed_needs_only_the_token_in_its_path(folder: Path) -> None:
    client = opened(folder, locked=True)
    assert client.get("/feed/secret/scorecard.csv").status_code == 200
    assert client.get("/feed/other/scorecard.csv?token=secret").status_code == 404


def test_a_host_that_only_begins_alike_is_not_sent_on(folder: Path) -> None:
    app = serve.application(folder, "secret", ("www.box.example",))
    client = TestClient(app, base_url="http://box.example", follow_redirects=False)
    assert client.get("/").status_code == 400


def test_the_longest_feed_that_spreadsheets_take_is_sent(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(client.get("/feed/secret/scorecard.csv").content)
    monkeypatch.setattr(serve, "FEED_BYTES", size)
    assert client.get("/feed/secret/scorecard.csv").status_code == 200
    monkeypatch.setattr(serve, "FEED_BYTES", size - 1)
    refused = client.get("/feed/secret/scorecard.csv")
    assert f"has {size} bytes" in refused.text and str(size - 1) in refused.text


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
@pytest.mark.parametrize("place", ["/", "/images/0", "/report", "/feed/secret/scorecard.csv"])
def test_nothing_can_be_changed(client: TestClient, method: str, place: str) -> None:
    assert getattr(client, method)(place).status_code == 405


def test_without_the_package_the_command_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    with pytest.raises(Unavailable) as error:
        serve.application(folder, "secret")
    assert error.value.hint == "pip install 'iqmetrics[serve]'"
