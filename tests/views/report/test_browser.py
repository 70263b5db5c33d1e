"""The report in a real browser: everything on it works, offline, and hostile strings are text."""

import re
from pathlib import Path
from typing import Any

import pytest
from browsing import until
from report_pages import HOSTILE

ZOOMED = "document.querySelector('.pair img').style.transform.includes('scale({}.')"


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    page.locator("main section").wait_for()


def values(page: Any) -> list[str]:
    page.locator("main section").wait_for()
    return [text.strip() for text in page.locator(".card b").all_inner_texts()]


def test_it_opens_on_the_scorecard(page: Any) -> None:
    assert page.locator("html").get_attribute("data-ready") == "yes"
    assert page.locator("#about").inner_text() == "13 images · 2 models · 7 prompts"
    good = page.locator("tbody tr", has_text="toy.good")
    assert "0.35" in good.inner_text()
    assert "n=6" in good.inner_text()
    assert "n=6/7" in good.inner_text(), "how many have no value stands beside the mean"
    assert good.locator("svg .whisker").count() == 2


def test_every_tab_shows_its_view_and_arrows_move_between_them(page: Any) -> None:
    names = page.get_by_role("tab").all_inner_texts()
    assert names == ["Scorecard", "Images", "Compare", "Coverage", "Protocol"]
    page.get_by_role("tab").first.focus()
    for name in names[1:]:
        page.keyboard.press("ArrowRight")
        chosen = page.locator("[role=tab][aria-selected=true]")
        assert chosen.inner_text() == name
        assert chosen.evaluate("(e) => document.activeElement === e")
        assert page.locator("main section").inner_text().strip()
    assert "Apache-2.0" in page.locator("main").inner_text()


def test_the_name_of_a_metric_opens_its_images_and_what_it_means(page: Any) -> None:
    """A phone has no pointer to hover with: the sentence must be reached by a tap."""
    page.get_by_role("button", name="toy.bad", exact=True).click()
    page.locator(".card").first.wait_for()
    assert "lower is better" in page.locator("main").inner_text()
    assert page.get_by_label("Metric").locator("option:checked").inner_text() == "toy.bad"
    assert values(page)[0] == "5", "worst first"


def test_models_without_a_common_prompt_say_why_nothing_is_compared(
    browser: Any, written: dict[str, Path]
) -> None:
    page = browser.new_page()
    page.goto(written["en"].as_uri())
    page.evaluate("D.images.forEach((image, n) => { image.p = 'only ' + n; })")
    tab(page, "Compare")
    assert "no prompt in common" in page.locator("main").inner_text()
    page.close()


def test_a_desktop_shows_three_models_with_long_numbers_without_scrolling_sideways(
    browser: Any, written: dict[str, Path]
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(written["en"].as_uri())
    page.evaluate(
        """() => {
        D.models.push("templates");
        D.card.push(...D.card.filter((row) => row.model === 0).map((row) => ({ ...row, model: 2 })));
        for (const row of D.card) Object.assign(row, { mean: 0.00001234, low: 0.000123456, high: 0.001234567 });
        show(readState()); }"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.close()


def test_coverage_names_each_status(page: Any) -> None:
    tab(page, "Coverage")
    header = page.locator("thead").inner_text()
    assert "abstained" in header
    assert "truncated" in header


def test_worst_comes_first_in_the_direction_of_the_metric(page: Any) -> None:
    tab(page, "Images")
    assert values(page)[:3] == ["0.09", "0.1", "0.19"]
    assert values(page)[-1] == "truncated", "what has no value comes last and says why"
    page.get_by_label("Order").select_option("best")
    assert values(page)[0] == "0.6"
    page.get_by_label("Metric").select_option(label="toy.bad")
    page.get_by_label("Order").select_option("worst")
    assert values(page)[0] == "5", "lower is better"


def test_search_and_model_narrow_the_gallery(page: Any) -> None:
    tab(page, "Images")
    page.get_by_label("Prompt or file contains").fill("PROMPT 2")
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text().startswith("2 ")
    page.get_by_label("Model").select_option("0")
    assert page.get_by_role("status").inner_text().startswith("1 ")


def test_a_brush_over_the_histogram_keeps_its_images(page: Any) -> None:
    tab(page, "Images")
    box = page.locator("main svg").first.bounding_box()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 9, box["y"] + 20, steps=4)
    page.mouse.up()
    kept = [float(v) for v in values(page)]
    assert kept == [0.49, 0.5, 0.59, 0.6]
    page.get_by_role("button", name="Show all").click()
    assert len(values(page)) == 13


def test_a_keyboard_is_not_lost_when_its_button_leads_elsewhere(page: Any) -> None:
    page.get_by_role("button", name="toy.good").focus()
    page.keyboard.press("Enter")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Images" and focused.get_attribute("role") == "tab"


def complete(page: Any) -> Any:
    """The dialog once all is there: a bundle loads what is known of an image when it is shown."""
    dialog = page.get_by_role("dialog")
    dialog.locator("dl").wait_for()
    return dialog


def test_detail_shows_values_reasons_and_overlays(page: Any) -> None:
    tab(page, "Images")
    page.locator(".card", has_text="prompt 1").first.click()
    dialog = complete(page)
    assert "toy.good" in dialog.inner_text()
    assert HOSTILE in dialog.inner_text(), "the reason is shown as text"
    until(page, "document.querySelector('dialog img').naturalWidth === 96")
    dialog.locator("select").select_option("toy")
    mark = dialog.locator("svg .mark")
    assert mark.count() == 1
    picture = dialog.locator("img").bounding_box()
    scale = picture["width"] / 96
    drawn = mark.bounding_box()
    assert drawn["x"] - picture["x"] == pytest.approx(10 * scale, abs=2)
    assert drawn["width"] == pytest.approx(30 * scale, abs=4)
    dialog.locator("select").select_option("")
    assert dialog.locator("svg").count() == 0
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_only_evidence_that_can_be_drawn_is_offered(page: Any) -> None:
    """The first picture of model a has numbers and an empty list of boxes, which draw nothing."""
    tab(page, "Images")
    page.locator(".card", has_text="prompt 1").first.click()
    dialog = complete(page)
    assert dialog.locator("select option").all_inner_texts() == ["–", "toy"]
    page.keyboard.press("Escape")
    page.get_by_label("Prompt or file contains").fill("a5.png")
    page.keyboard.press("Enter")
    page.locator(".card").first.click()
    dialog.get_by_text("No evidence to draw on this picture").wait_for()
    assert dialog.locator("select").count() == 0


def test_arrows_walk_through_the_images_of_the_gallery(page: Any) -> None:
    tab(page, "Images")
    page.locator(".card").first.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert dialog.get_by_role("button", name="Previous").is_disabled()
    assert "b0.png" in dialog.locator("strong").inner_text()
    page.keyboard.press("ArrowRight")
    dialog.locator("strong", has_text="a0.png").wait_for()
    page.keyboard.press("ArrowLeft")
    dialog.locator("strong", has_text="b0.png").wait_for()
    page.keyboard.press("Escape")
    assert page.locator(".card").first.evaluate("(e) => document.activeElement === e")


def test_metrics_without_a_value_stand_together_under_their_reason(page: Any) -> None:
    tab(page, "Images")
    page.locator(".card", has_text="prompt 1").first.click()
    gaps = complete(page).locator("dl")
    assert gaps.locator("dt").all_inner_texts() == ["toy.bad"]
    assert gaps.locator("dd").inner_text() == f"abstained: {HOSTILE}"


def test_the_range_can_be_typed_and_the_focus_stays(page: Any) -> None:
    tab(page, "Images")
    page.get_by_label("From").fill("0.49")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.card').length === 4")
    assert [float(v) for v in values(page)] == [0.49, 0.5, 0.59, 0.6]
    assert page.get_by_label("From").evaluate("(e) => document.activeElement === e")
    page.get_by_label("To", exact=True).fill("0.5")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.card').length === 2")
    page.get_by_label("Order").focus()
    page.keyboard.press("ArrowDown")
    until(page, "document.querySelector('.card b').innerText === '0.5'")
    assert page.get_by_label("Order").evaluate("(e) => document.activeElement === e")


def test_a_search_that_finds_nothing_says_so(page: Any) -> None:
    tab(page, "Images")
    page.get_by_label("Prompt or file contains").fill("no such thing")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing to show.").wait_for()
    assert page.locator(".card").count() == 0
    page.get_by_role("button", name="Show all").click()
    assert len(values(page)) == 13


def test_pairs_stand_largest_loss_first_and_flip_by_key(page: Any) -> None:
    tab(page, "Compare")
    assert "6 pairs" in page.locator("main").inner_text()
    page.locator("select[name=mode]").select_option("wipe")
    view = page.get_by_role("group").first
    top = view.locator("img").nth(1)
    assert "50%" in top.evaluate("(e) => e.style.clipPath")
    view.focus()
    page.keyboard.press("f")
    assert view.locator(".tag").inner_text() == "B"
    page.keyboard.press("f")
    assert view.locator(".tag").inner_text() == "A"
    box = view.bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 30)
    assert "25" in top.evaluate("(e) => e.style.clipPath")
    assert view.locator(".tag").inner_text() == "A | B"
    page.keyboard.press("ArrowRight")
    assert "30" in top.evaluate("(e) => e.style.clipPath")


def test_both_pictures_of_a_pair_zoom_together(page: Any) -> None:
    tab(page, "Compare")
    views = page.locator(".pair").first.locator(".view")
    views.first.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    until(page, ZOOMED.format(2))
    transforms = views.locator("img").evaluate_all("(all) => all.map((e) => e.style.transform)")
    assert transforms[0] == transforms[1] != ""
    views.nth(1).dblclick()
    until(page, "document.querySelector('.pair img').style.transform === ''")


def test_pictures_zoom_and_move_by_keyboard(page: Any) -> None:
    tab(page, "Compare")
    views = page.locator(".pair").first.locator(".view")
    views.first.focus()
    for _ in range(3):
        page.keyboard.press("+")
    until(page, ZOOMED.format(3))
    before = views.locator("img").evaluate_all("(all) => all.map((e) => e.style.transform)")
    page.keyboard.press("ArrowRight")
    after = views.locator("img").evaluate_all("(all) => all.map((e) => e.style.transform)")
    assert after[0] == after[1] != before[0]
    page.keyboard.press("0")
    assert views.nth(1).locator("img").evaluate("(e) => e.style.transform") == ""


def test_the_plain_wheel_scrolls_the_page_over_pictures_of_a_pair(page: Any) -> None:
    tab(page, "Compare")
    page.locator(".pair .view").first.hover()
    page.mouse.wheel(0, 300)
    until(page, "window.scrollY > 100")
    assert page.locator(".pair img").first.evaluate("(e) => e.style.transform") == ""


def test_hostile_strings_are_text_everywhere(page: Any) -> None:
    tab(page, "Images")
    assert HOSTILE in page.locator(".grid").inner_text()
    tab(page, "Protocol")
    assert "window.hit=1" in page.locator("pre").inner_text()
    assert page.locator("main img[src=x]").count() == 0


def test_a_link_shows_the_same_view_again(page: Any) -> None:
    tab(page, "Images")
    page.get_by_label("Order").select_option("best")
    page.reload()
    assert values(page)[0] == "0.6"
    page.evaluate("location.hash = '#%7Bbroken'")
    page.get_by_role("tab", selected=True, name="Scorecard").wait_for()


def test_chinese(browser: Any, written: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(written["zh"].as_uri())
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.get_by_role("tab").first.inner_text() == "评分卡"
    assert "13 张图片" in page.locator("#about").inner_text()
    words: dict[str, str] = page.evaluate("W")
    half_width = [text for text in words.values() if re.search("[\u4e00-\u9fff][,;:]", text)]
    assert half_width == [], "Chinese sentences have Chinese punctuation"
    assert words["unusable"] != words["status_unavailable"]
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_width_fits_and_text_stands_out(
    browser: Any, written: dict[str, Path], scheme: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(written["en"].as_uri())
    for place in range(5):
        page.get_by_role("tab").nth(place).click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
    style = page.evaluate(
        "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
    )
    lights = [sum(int(n) for n in text[4:-1].split(",")) for text in style]
    assert (lights[0] > lights[1]) == (scheme == "dark")
    assert abs(lights[0] - lights[1]) > 450
    page.close()


CONTRAST = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((n) => (n /= 255) <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) { const color = getComputedStyle(e).backgroundColor; if (!color.endsWith(", 0)")) return color; }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    if (!e.checkVisibility() || e.closest("[disabled], .tag, .stage svg")) continue;
    if (![...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(e), ink = e.closest("svg") ? style.fill : style.color;
    const [dark, bright] = [light(ink), light(ground(e))].sort((a, b) => a - b);
    if ((bright + 0.05) / (dark + 0.05) < 4.5) poor.push(e.tagName + " " + e.textContent.slice(0, 30));
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(browser: Any, written: dict[str, Path], scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(written["en"].as_uri())
    for place in range(5):
        page.get_by_role("tab").nth(place).click()
        assert page.evaluate(CONTRAST) == [], place
    page.get_by_role("tab").nth(1).click()
    page.locator(".card").first.click()
    page.get_by_role("dialog").wait_for()
    assert page.evaluate(CONTRAST) == []
    page.close()


def test_names_of_metrics_stay_in_sight_on_a_phone(browser: Any, written: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(written["en"].as_uri())
    name = page.locator("tbody th", has_text="toy.good")
    table = page.locator(".scroll").first
    assert table.evaluate("(e) => { e.scrollLeft = 200; return e.scrollLeft; }") > 0
    assert 0 <= name.bounding_box()["x"] < 30
    page.close()


def test_print_hides_the_controls(page: Any) -> None:
    tab(page, "Images")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator(".card").first.is_visible()
