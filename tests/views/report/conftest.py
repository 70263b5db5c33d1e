"""The report opened in Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_pages import PROTOCOL, result

from iqmetrics.views.report import page as report_page


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report file in each language."""
    folder = tmp_path_factory.mktemp("run")
    found = result(folder)
    for lang in ("en", "zh"):
        report_page.write(found, PROTOCOL, folder / f"{lang}.html", lang)
    return {lang: folder / f"{lang}.html" for lang in ("en", "zh")}


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same report as a page with its data beside it."""
    folder = tmp_path_factory.mktemp("bundle")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_page, "INLINE", 3)
        report_page.write(result(folder), PROTOCOL, folder / "en.html")
    return folder / "en.html"


WATCH = """window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.blockedURI));
"""


@pytest.fixture(params=["one file", "bundle"])
def page(
    browser: Any, written: dict[str, Path], bundled: Path, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """The English report in both forms; fails when it asked for anything outside or broke its own
    policy."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    seen: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: seen.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.add_init_script(WATCH)
    opened.goto((bundled if request.param == "bundle" else written["en"]).as_uri())
    yield opened
    assert [url for url in seen if not url.startswith(("file:", "data:"))] == []
    assert opened.evaluate("window.violations") == []
    assert not opened.evaluate("window.hit")
    assert errors == []
    opened.close()
