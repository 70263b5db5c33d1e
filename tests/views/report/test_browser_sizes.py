"""What the page says of its own size, and names that must fit into a drawing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from report_pages import embedded

import iqmetrics
from iqmetrics.views.report import page as report_page


def outputs(folder: Path, models: str) -> Path:
    """Three pictures a model, two of them with a prompt, the same two for each model."""
    for model in models:
        (folder / model).mkdir(parents=True)
        for n in range(3):
            Image.new("RGB", (64, 48), (80 * n, ord(model), 0)).save(folder / model / f"{n}.png")
            if n:
                (folder / model / f"{n}.txt").write_text(f"scene {n}")
    return folder


@pytest.mark.parametrize("inline", [100, 1], ids=["one file", "bundle"])
@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("ab", "6 images · 2 models · 2 prompts · 2 images without a prompt"),
        ("a", "3 images · 1 model · 2 prompts · 1 image without a prompt"),
    ],
)
def test_images_without_a_prompt_are_no_prompts(
    models: str,
    told: str,
    inline: int,
    browser: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_page, "INLINE", inline)
    found = iqmetrics.score(outputs(tmp_path / "o", models), scorers=("size",))
    report_page.write(found, {}, tmp_path / "r.html")
    page = browser.new_page()
    page.goto((tmp_path / "r.html").as_uri())
    assert page.locator("#about").inner_text() == told
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_name_in_the_radar_is_cut(width: int, browser: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    found = iqmetrics.score(list(noise), scorers=("look", "brisque", "niqe", "piqe"))
    path = tmp_path / "r.html"
    report_page.write(found, {}, path)
    long = path.read_text("utf-8")
    for name in ("brisque", "niqe", "piqe"):
        long = long.replace(f'"{name}"', f'"{name}.MALFORMED_AND_SOMEWHAT_MORE"')
    path.write_text(long, "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(path.as_uri())
    whole = page.locator(".radar").bounding_box()
    names = page.locator(".radar text").all()
    assert len(names) >= 3
    assert any("SOMEWHAT" in name.inner_html() for name in names)
    for name in names:
        box = name.bounding_box()
        assert box["x"] >= whole["x"], name.inner_html()
        assert box["x"] + box["width"] <= whole["x"] + whole["width"], name.inner_html()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("name", ["face.asymmetry_brows", "text.unexpected_chars"])
def test_a_desktop_has_room_for_the_name_of_a_metric_beside_three_models(
    name: str, browser: Any, tmp_path: Path
) -> None:
    found = iqmetrics.score(outputs(tmp_path / "o", "abc"), scorers=("size", "look"))
    path = tmp_path / "r.html"
    report_page.write(found, {}, path)
    data = embedded(path)
    data["card"] = [
        {**row, "mean": 0.0003438, "low": 0.0001775, "high": 0.0005493, "images": 1000}
        for row in data["card"]
    ]
    text = json.dumps(data).replace('"look.saturation"', f'"{name}"')
    start, rest = path.read_text("utf-8").split('id="data">', 1)
    path.write_text(f'{start}id="data">{text}{rest[rest.index("</script>") :]}', "utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(path.as_uri())
    told = page.get_by_role("button", name=name, exact=True).bounding_box()
    assert told["height"] < 30, "one line"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.close()
