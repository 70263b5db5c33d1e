"""The server answers what it should, to whom it should, and nothing by path."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from factory import paint, scored
from PIL import Image

pytest.importorskip("starlette")
pytest.importorskip("httpx")
from starlette.testclient import TestClient

import iqmetrics
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
    assert client.get("/images/0?small").headers["content-type"] == "image/webp"
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
