"""Opens a report in Chromium, and asks a server under load."""

import http.client
import os
import random
import subprocess
import sys
import time
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
WATCH = """
window.violations = 0;
document.addEventListener("securitypolicyviolation", () => { window.violations += 1; });
"""
REQUESTS = 200


def visit(page_file: Path) -> dict[str, float]:
    """Open the page thrice for its speed, then walk through everything in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        times = []
        for _ in range(3):
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(page_file.as_uri(), wait_until="commit")
            page.wait_for_selector("html[data-ready=yes]", state="attached")
            page.locator("[role=tab]").nth(1).click()
            page.locator(".card img").nth(59).wait_for()
            times.append(time.perf_counter() - start)
            page.close()
        figures = {"report_interactive_s_1000": min(times), **_walk(browser, page_file)}
        browser.close()
    return figures


def visit_bundle(page_file: Path) -> dict[str, float]:
    """Open a report whose data lies beside it: the scorecard, then the gallery; memory of both."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        first, gallery, heaps = [], [], []
        for _ in range(3):
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(page_file.as_uri(), wait_until="commit")
            page.wait_for_selector("html[data-ready=yes]", state="attached")
            page.wait_for_selector("main table")
            first.append(time.perf_counter() - start)
            page.locator("[role=tab]").nth(1).click()
            page.locator(".card").nth(59).wait_for()
            gallery.append(time.perf_counter() - start)
            session = page.context.new_cdp_session(page)
            session.send("HeapProfiler.collectGarbage")
            heaps.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
            page.close()
        browser.close()
    return {
        "report_interactive_s_100k": min(first),
        "report_gallery_s_100k": min(gallery),
        "report_heap_mb_100k": max(heaps),
    }


def _walk(browser: object, page_file: Path) -> dict[str, float]:
    page = browser.new_page()  # type: ignore[attr-defined]
    requests: list[str] = []
    hits: list[str] = []
    page.on("request", lambda r: requests.append(r.url))
    page.on("dialog", lambda d: (hits.append(d.message), d.dismiss()))
    page.add_init_script(WATCH)
    page.goto(page_file.as_uri())
    title = page.title()
    for tab in range(page.locator("[role=tab]").count()):
        page.locator("[role=tab]").nth(tab).click()
        for _ in range(20):
            cards = page.locator(".card")
            for number in range(0, cards.count(), 12):
                cards.nth(number).click()
                page.locator("dialog [name=close]").click()
            following = page.locator("main .controls button:not([disabled])", has_text="Next")
            if not following.count():
                break
            following.first.click()
    ran = (
        len(hits) + bool(page.evaluate("Boolean(window.hit || top.hit)")) + (page.title() != title)
    )
    outside = [url for url in requests if not url.startswith(("file:", "data:"))]
    return {
        "report_network_requests": len(outside),
        "script_runs": ran,
        "report_csp_violations": page.evaluate("window.violations"),
    }


def serve(folder: Path) -> tuple[dict[str, float], dict[str, str]]:
    """95th percentile of the time to an answer, over pages, galleries, feeds and the scorecard."""
    port = random.Random(os.getpid()).randint(20_000, 50_000)
    command = [sys.executable, "-m", "iqmetrics.cli.main", "serve", str(folder)]
    command += ["--port", str(port), "--token", "t"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        start = time.perf_counter()
        while _ask(port, "/") != 200:
            time.sleep(0.1)
        ready = time.perf_counter() - start
        times = _timed(port, ["/", "/live", "/images?page={}"])  # while the store is being read
        start = time.perf_counter()
        while _ask(port, "/feed/t/scorecard.csv") != 200:
            time.sleep(0.1)
        read = time.perf_counter() - start
        times += _timed(port, ["/", "/live", "/images?page={}", "/feed/t/scorecard.csv"])
    finally:
        process.terminate()
        process.wait()
    p95 = 1000 * sorted(times)[int(0.95 * len(times))]
    told = (
        f"{len(times)} requests one after another, half of them while the store is first read; "
        f"first page after {ready:.1f} s, feed {read:.1f} s later; slowest {max(times):.2f} s; "
        f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    )
    return {"serve_p95_ms_100k": p95}, {"serve_p95_ms_100k": told}


def _timed(port: int, kinds: list[str]) -> list[float]:
    rng, times = random.Random(1), []
    for n in range(REQUESTS):
        path = kinds[n % len(kinds)].format(rng.randrange(1600))
        start = time.perf_counter()
        assert _ask(port, path) == 200, path
        times.append(time.perf_counter() - start)
    return times


def _ask(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()
