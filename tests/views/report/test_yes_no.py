"""A metric of yes and no reads as words of one image and as a share of many, never as 0 or 1."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factory import FACTS, record
from PIL import Image

from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.score import read
from iqmetrics.records import YES_NO, Metric, Reading
from iqmetrics.store import Store
from iqmetrics.views.report import page as report_page

KEPT = Metric("toy.kept", YES_NO, 0, 1, "higher", "1 when it was kept")
FACTS_KEPT = replace(FACTS, metrics=(KEPT,))
ANSWERS = {"a": (1, 1, 1, 0), "b": (0, 0, 0, 0)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kept")
    store = Store(folder / "scores.sqlite")
    records = []
    for model, answers in ANSWERS.items():
        for n, answer in enumerate(answers):
            path = folder / f"{model}{n}.png"
            Image.fromarray(np.full((24, 32, 3), 60 * n + answer, np.uint8)).save(path)
            records.append(replace(record(path.name, model, f"prompt {n}"), path=str(path)))
            reading = Reading({"toy.kept": float(answer)})
            store.add([(FACTS_KEPT.key(records[-1]), "toy", reading)])
    Run(records, (FACTS_KEPT,)).save(store)
    for lang in ("en", "zh"):
        report_page.write(read(store), {"scorers": []}, folder / f"{lang}.html", lang)
    return {lang: folder / f"{lang}.html" for lang in ("en", "zh")}


@pytest.fixture
def page(browser: Any, written: dict[str, Path]) -> Iterator[Any]:
    opened = browser.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(written["en"].as_uri())
    yield opened
    opened.close()
    assert errors == []


def answers(page: Any) -> list[str]:
    page.locator("main section").wait_for()
    return [text.strip() for text in page.locator(".card b").all_inner_texts()]


def test_the_scorecard_shows_shares_of_yes(page: Any) -> None:
    row = page.locator("tbody tr", has_text="toy.kept")
    shown = row.locator("td").all_inner_texts()
    assert shown[0].startswith("75 % yes [")
    assert shown[0].count(" %") == 3, "both ends of the interval are shares too"
    assert shown[1].startswith("0 % yes [0 %")


def test_each_image_says_yes_or_no_and_the_worst_come_first(page: Any) -> None:
    page.get_by_role("tab", name="Images", exact=True).click()
    assert answers(page) == ["no"] * 5 + ["yes"] * 3
    ends = page.locator(".histogram text").all_text_contents()
    assert ends == ["no", "yes"]


def test_only_yes_or_only_no_can_be_shown(page: Any) -> None:
    page.get_by_role("tab", name="Images", exact=True).click()
    only = page.locator("select[name=only]")
    only.select_option("yes")
    assert answers(page) == ["yes"] * 3
    assert only.input_value() == "1"
    only.select_option("no")
    assert answers(page) == ["no"] * 5
    only.select_option("all")
    assert len(answers(page)) == 8


def test_one_image_alone_says_it_without_a_unit(page: Any) -> None:
    page.get_by_role("tab", name="Images", exact=True).click()
    page.locator(".card").first.click()
    row = page.locator("dialog .values tr", has_text="toy.kept")
    assert row.locator("td").inner_text() == "no"


def test_a_pair_says_both_answers_and_no_difference_in_numbers(page: Any) -> None:
    page.get_by_role("tab", name="Compare", exact=True).click()
    first = page.locator("article .prompt").first.inner_text()
    assert "A yes" in first
    assert "B no" in first
    assert "difference" not in first


def test_a_model_without_any_yes_says_so_in_words(page: Any) -> None:
    page.get_by_role("tab", name="Images", exact=True).click()
    page.locator("select[name=only]").select_option("no")
    page.get_by_label("Model").select_option("b")
    assert answers(page) == ["no"] * 4


def test_it_is_said_in_chinese_too(browser: Any, written: dict[str, Path]) -> None:
    opened = browser.new_page()
    opened.goto(written["zh"].as_uri())
    assert "75 % 是" in opened.locator("main").inner_text()
    opened.close()


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("faces", 1, "1 face"),
        ("faces", 0, "0 faces"),
        ("hands", 2, "2 hands"),
        ("spreads of normal faces", 1, "1 spread of normal faces"),
        ("DMOS points", 1.5, "1.5 DMOS points"),
        ("s", 1, "1 s"),
        ("share", 0.25, "0.25"),
        ("", 3, "3"),
        ("yes/no", 1, "yes"),
    ],
)
def test_a_unit_agrees_with_its_number(page: Any, unit: str, value: float, shown: str) -> None:
    found = page.evaluate(
        "([unit, value]) => { D.metrics[0].unit = unit; return withUnit(0, value); }", [unit, value]
    )
    assert found == shown
