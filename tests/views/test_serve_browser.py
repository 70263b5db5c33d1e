"""The served scorecard in Chromium: it follows the store by itself, and says when nobody answers."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import until
from factory import FACTS, good, record

from iqmetrics.pipeline.outcomes import Run
from iqmetrics.store import Store
from iqmetrics.views import live, serve

uvicorn = pytest.importorskip("uvicorn")


SHOWN = "document.querySelector('#live').innerText.includes('{}')"


def put(folder: Path, *values: float) -> None:
    with Store(folder / "scores.sqlite") as store:
        records = [record(f"{n}.png", prompt=f"p{n}") for n in range(len(values))]
        store.add((FACTS.key(r), "toy", good(v, 1.0)) for r, v in zip(records, values, strict=True))
        Run(records, (FACTS,)).save(store)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    monkeypatch.setattr(live, "FRESH_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    put(tmp_path, 0.25)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = uvicorn.Config(serve.application(tmp_path, "t"), port=port, log_level="error")
    running = uvicorn.Server(options)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield running, f"http://127.0.0.1:{port}/"
    running.should_exit = True
    thread.join(10)


def test_the_scorecard_is_drawn_again_when_the_store_has_grown(
    browser: Any, server: tuple[Any, str], tmp_path: Path
) -> None:
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.clock.install()
    page.goto(server[1], wait_until="commit")
    until(page, SHOWN.format("0.25"), 3000)
    put(tmp_path, 0.25, 0.75)
    until(page, SHOWN.format("n=2"), 3000)
    assert "0.5 " in page.locator("#live td").first.inner_text()
    assert errors == [], "the page's own policy lets its script run and nothing else"
    assert page.locator("#told").inner_text() == ""
    page.close()


def test_a_server_that_stopped_is_told_and_the_last_scorecard_stays(
    browser: Any, server: tuple[Any, str]
) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(server[1])
    until(page, "document.querySelector('#live td') !== null", 3000)
    server[0].should_exit = True
    until(page, "document.querySelector('#told').innerText.includes('does not answer')", 3000)
    assert "0.25" in page.locator("#live td").first.inner_text()
    page.close()


def test_a_server_that_hangs_is_told_like_one_that_is_gone(
    browser: Any, server: tuple[Any, str]
) -> None:
    page = browser.new_page()
    page.clock.install()
    page.route("**/live", lambda _: None)  # asked, and never answered
    page.goto(server[1])
    until(page, "document.querySelector('#told').innerText.includes('does not answer')", 3000)
    page.close()
