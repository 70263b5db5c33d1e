"""The report of very many images: files beside the page hold everything, and nothing stays behind."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from factory import FACTS, record
from report_pages import HOSTILE, PROTOCOL, embedded, part_of, result

from iqmetrics.pipeline.keys import content
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.score import read
from iqmetrics.records import Missing, Reading
from iqmetrics.store import Store
from iqmetrics.views.report import bundle, data, packs, page


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "INLINE", 3)
    monkeypatch.setattr(bundle, "CHUNK", 5)


def part(folder: Path, name: str) -> Any:
    return part_of(folder / bundle.FOLDER / f"{name}.js")


def test_the_parts_say_what_one_page_would(tmp_path: Path) -> None:
    found = result(tmp_path)
    page.write(found, PROTOCOL, tmp_path / "r.html")
    body, whole = embedded(tmp_path / "r.html"), data.build(found, PROTOCOL)
    index = part(tmp_path, "index")
    assert body["bundle"]["images"] == len(whole["images"]) == len(index["f"]) == 13
    details = [row for n in range(3) for row in part(tmp_path, f"detail-{n}")]
    columns = [part(tmp_path, f"metric-{n}") for n in range(len(body["metrics"]))]
    for n, image in enumerate(whole["images"]):
        assert index["prompts"][index["p"][n]] == whole["prompts"][image["p"]]
        assert {key: index[key][n] for key in "mskfz"} == {key: image[key] for key in "mskfz"}
        assert details[n] == {key: image[key] for key in "vxe"}
        assert [column["values"][n] for column in columns] == image["v"]
        for number, column in enumerate(columns):
            status = {p: column["statuses"][s] for p, s in column["missing"]}.get(n)
            assert status == image["x"].get(str(number), [None])[0]


def test_the_page_itself_does_not_grow_with_its_images(tmp_path: Path) -> None:
    sizes = []
    for prompts in (6, 30):
        folder = tmp_path / str(prompts)
        folder.mkdir()
        page.write(result(folder, prompts), PROTOCOL, folder / "r.html")
        sizes.append((folder / "r.html").stat().st_size)
    assert abs(sizes[1] - sizes[0]) < 200


def test_only_our_own_script_may_load_the_parts(tmp_path: Path) -> None:
    page.write(result(tmp_path), PROTOCOL, tmp_path / "r.html")
    (policy,) = re.findall(r'Policy" content="(.*?)"', (tmp_path / "r.html").read_text("utf-8"))
    assert re.search(r"script-src '(sha256-[^']+)' 'strict-dynamic';", policy.replace("&#39;", "'"))
    assert "unsafe" not in policy


def test_thumbnails_and_originals_are_found_from_the_page(tmp_path: Path) -> None:
    page.write(result(tmp_path), PROTOCOL, tmp_path / "r.html")
    index, where = part(tmp_path, "index"), embedded(tmp_path / "r.html")["bundle"]
    assert sum(number is not None for number in index["t"]) == 12
    assert where["thumbnails"] == bundle.THUMBNAILS
    plain = [f for f, o in zip(index["f"], index["o"], strict=True) if o == 1]
    assert len(plain) == 13
    for name in plain[:-1]:
        assert (tmp_path / where["originals"] / name).is_file()


def test_an_equal_report_is_not_written_again_and_old_parts_go(tmp_path: Path) -> None:
    assert page.write(result(tmp_path), PROTOCOL, tmp_path / "r.html") is True
    found = read(Store(tmp_path / "scores.sqlite"))
    assert page.write(found, PROTOCOL, tmp_path / "r.html") is False
    old = tmp_path / bundle.FOLDER / "detail-99.js"
    old.write_text("part()")
    assert page.write(found, PROTOCOL, tmp_path / "r.html") is True
    assert not old.exists()


@pytest.mark.parametrize("count", [5, 10, 11])
def test_the_last_chunk_is_there_whatever_the_count(tmp_path: Path, count: int) -> None:
    store = Store(None)
    records = [record(f"{n}.png") for n in range(count)]
    reading = Reading({"toy.good": 0.5}, {"toy.bad": Missing("abstained", HOSTILE)})
    store.add([(FACTS.key(r), "toy", reading) for r in records])
    Run(records, (FACTS,)).save(store)
    page.write(read(store), PROTOCOL, tmp_path / "r.html")
    chunks = sorted((tmp_path / bundle.FOLDER).glob("detail-*.js"))
    assert sum(len(part(tmp_path, path.stem)) for path in chunks) == count
    assert len(chunks) == -(-count // 5)


def test_keys_and_strings_of_evidence_stay_what_they_are(tmp_path: Path) -> None:
    store = Store(None)
    records = [record(f"{n}.png") for n in range(4)]
    evil = {"__proto__": {"hit": 1}, "text": HOSTILE + "\u2028'\\');", "\udcff": "\udcfe"}
    reading = Reading({"toy.good": 0.5, "toy.bad": 1.0}, {}, evil)
    store.add([(FACTS.key(r), "toy", reading) for r in records])
    Run(records, (FACTS,)).save(store)
    page.write(read(store), PROTOCOL, tmp_path / "r.html")
    evidence = part(tmp_path, "detail-0")[0]["e"]["toy"]
    assert evidence["__proto__"] == {"hit": 1}
    assert evidence["text"] == evil["text"]


@pytest.mark.parametrize(
    ("values", "ends"), [([1.0, 2.0, 3.0], [1.1, 2.9]), ([5.0], [5.0, 5.0]), ([None], None)]
)
def test_percentiles_are_those_of_numpy(values: list[float | None], ends: list[float]) -> None:
    column = bundle._Column()
    for n, value in enumerate(values):
        column.add(n, value, None)
    assert column.ends() == (ends if ends is None else pytest.approx(ends))
    assert column.any() == (ends is not None)


@pytest.mark.parametrize("lost", ["detail-*.js", "index.js"])
def test_it_opens_where_a_part_is_missing_and_says_so(
    browser: Any, tmp_path: Path, lost: str
) -> None:
    """Each loss has a page of its own: one that is loaded again may have the file in its memory."""
    page.write(result(tmp_path), PROTOCOL, tmp_path / "r.html")
    for path in (tmp_path / bundle.FOLDER).glob(lost):
        path.unlink()
    opened = browser.new_page()
    opened.goto((tmp_path / "r.html").as_uri())
    opened.get_by_role("tab", name="Images").click()
    if lost != "index.js":
        opened.locator(".card").first.click()
    alert = opened.get_by_role("alert")
    alert.wait_for()
    assert "A file beside this page is missing" in alert.inner_text()
    opened.get_by_role("tab", name="Scorecard").click()
    opened.locator("table").wait_for()
    assert alert.count() == 0
    opened.close()


def test_every_image_shows_its_own_thumbnail(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LEAST", 2), ("ENDS", 2), ("MOST", 4)):
        monkeypatch.setattr(packs, name, value)
    found = result(tmp_path)
    page.write(found, PROTOCOL, tmp_path / "r.html")
    opened = browser.new_page()
    opened.goto((tmp_path / "r.html").as_uri())
    opened.get_by_role("tab", name="Images").click()
    opened.locator(".card img").first.wait_for()
    told = opened.evaluate(
        "Promise.all(D.images.map(async (i) => [i.f, i.t && await packed(i.t), i.t && i.t[1]]))"
    )
    assert {place for _, _, place in told} >= {0, 1}
    for image, (name, address, _) in zip(found.run.records, told, strict=True):
        jpeg = found.store.thumbnail(content(image))
        whole = jpeg and "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
        assert (name, address) == (image.image, whole)
    opened.close()


def test_a_lost_pack_costs_its_thumbnails_only(browser: Any, tmp_path: Path) -> None:
    page.write(result(tmp_path), PROTOCOL, tmp_path / "r.html")
    for path in (tmp_path / bundle.THUMBNAILS).iterdir():
        path.unlink()
    opened = browser.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto((tmp_path / "r.html").as_uri())
    opened.get_by_role("tab", name="Images").click()
    opened.locator(".card .gone").nth(12).wait_for()
    opened.locator(".card").nth(1).click()
    opened.locator(".stage img").wait_for()
    assert opened.evaluate("document.querySelector('.stage img').src").endswith(".png")
    assert errors == []
    opened.close()


@pytest.mark.slow
def test_thousands_of_images_in_a_browser(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "CHUNK", 100)
    page.write(result(tmp_path, prompts=2500), PROTOCOL, tmp_path / "r.html")
    opened = browser.new_page()
    seen: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: seen.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto((tmp_path / "r.html").as_uri())
    assert "5001 images" in opened.locator("#about").inner_text()
    assert len(seen) == 1, "the scorecard needs the page alone"
    opened.get_by_role("tab", name="Images").click()
    opened.locator(".card img").nth(59).wait_for()
    parts = {url.rsplit("/", 1)[1] for url in seen if url.endswith(".js")}
    small = {name for name in parts if name.startswith("pack-")}
    assert parts - small == {"index.js", "metric-0.js"}
    assert 1 <= len(small) <= 60
    opened.get_by_label("Prompt or file contains").fill("prompt 1234")
    opened.keyboard.press("Enter")
    opened.locator(".card").nth(1).wait_for()
    assert opened.locator(".card").count() == 2
    opened.locator(".card").first.click()
    assert "1234.png" in opened.get_by_role("dialog").inner_text()
    assert len([url for url in seen if "detail-" in url]) == 1
    opened.keyboard.press("Escape")
    opened.get_by_role("tab", name="Compare").click()
    opened.locator("main section").wait_for()
    assert "2500 pairs" in opened.locator("main").inner_text()
    assert errors == []
    opened.close()
