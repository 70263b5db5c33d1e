"""The pages of iqm serve: autoescaped, one known script, and counts that are right."""

import base64
import re
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from factory import FACTS, card, good, record, stored

from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.scorecard import build
from iqmetrics.records import YES_NO, Metric
from iqmetrics.views import web_pages

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
CARD = card({"a": np.array([[0.2, 0.4], [0.6, 0.8]]), "b": np.full((2, 2), 0.25)})


def cells(html: str) -> list[str]:
    return re.findall(r"<td>(.*?)</td>", html)


def test_the_table_has_a_row_a_metric_and_a_cell_a_model() -> None:
    html = web_pages.table(CARD)
    assert re.findall(r"<th>(.*?)</th>", html) == ["metric", "a", "b", "toy.<wbr>good"]
    a, b = cells(html)
    assert a.startswith("0.5 [")
    assert a.endswith("n=4")
    assert b.startswith("0.25 ")


def test_what_was_not_measured_is_no_number() -> None:
    a, b = record("a.png", "a"), record("b.png", "b")
    run = Run([a, b], (FACTS,))
    made = build(outcomes(stored((a, good(0.5, 3.0)), (b, good(0.5))), run), run.scorers)
    assert cells(web_pages.table(made))[2:] == ["3 n=1", "-"]


def test_some_of_all_are_told_and_metrics_stand_under_their_axis() -> None:
    a, b = record("a.png", "a"), record("b.png", "a")
    run = Run([a, b], (FACTS,))
    made = build(outcomes(stored((a, good(0.5, 3.0)), (b, good(0.5))), run), run.scorers)
    assert cells(web_pages.table(made))[1].endswith(" n=1/2")
    usable = replace(made.rows[0], metric="usable", scorer="usable")
    both = web_pages.table(replace(made, rows=(*made.rows, usable)))
    assert re.findall(r"<span>(.*?)</span>", both) == ["usable", "other"]
    assert both.index("toy.<wbr>good") > both.index("<th>usable</th>"), "the axes have an order"


def test_a_metric_that_nowhere_has_a_value_has_no_row() -> None:
    run = Run([record("a.png")], (FACTS,))
    made = build(outcomes(stored((run.records[0], good(0.5))), run), run.scorers)
    assert "toy.bad" not in web_pages.table(made)


def test_the_policy_allows_exactly_the_one_script() -> None:
    html = web_pages.home(CARD, "secret", report=False)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    (script,) = scripts
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in web_pages.POLICY
    assert "unsafe-inline" not in web_pages.POLICY.partition("script-src")[2]


@pytest.mark.parametrize("where", ["default-src 'none'", "base-uri 'none'", "form-action 'none'",
                                   "frame-ancestors 'none'"])  # fmt: skip
def test_the_policy_closes_what_is_not_needed(where: str) -> None:
    assert where in web_pages.POLICY


def test_nothing_is_fetched_from_elsewhere() -> None:
    html = web_pages.home(CARD, "t", True) + web_pages.gallery([record("a.png")], 0, 60, 1)
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", html)


def test_links_are_there_when_what_they_lead_to_is() -> None:
    assert 'href="/report"' in web_pages.home(CARD, "", report=True)
    plain = web_pages.home(CARD, "", report=False)
    assert 'href="/report"' not in plain
    assert "/feed/" not in plain
    assert 'href="/feed/secret/scorecard.csv"' in web_pages.home(CARD, "secret", report=False)


def test_names_of_models_cannot_run() -> None:
    html = web_pages.table(card({HOSTILE: np.full((2, 2), 0.5)}))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_prompts_and_files_cannot_run() -> None:
    rows = [record(HOSTILE, HOSTILE, HOSTILE), record(HOSTILE, "", None)]
    html = web_pages.gallery(rows, 0, 60, 2)
    assert "<script" not in html
    assert html.count("<img ") == 2, "the thumbnails and no other"
    assert "onerror=alert(2)>" not in html


def test_a_model_without_a_name_is_said_so() -> None:
    assert "(no model)" in web_pages.table(card({"": np.full((2, 2), 0.5)}))


@pytest.mark.parametrize(
    ("page", "count", "told", "links"),
    [
        (0, 60, "1 to 60 of 150", [1]),
        (1, 60, "61 to 120 of 150", [0, 2]),
        (2, 30, "121 to 150 of 150", [1]),
    ],
)
def test_the_gallery_counts_from_one_and_links_its_neighbours(
    page: int, count: int, told: str, links: list[int]
) -> None:
    html = web_pages.gallery([record(f"{n}.png") for n in range(count)], page, 60, 150)
    assert told in html
    assert [int(n) for n in re.findall(r"\?page=(\d+)", html)] == links


def test_images_are_named_by_their_number_never_by_a_path() -> None:
    html = web_pages.gallery([record("secret/a.png"), record("secret/b.png")], 2, 60, 122)
    assert re.findall(r'href="/images/(\d+)"', html) == ["120", "121"]
    assert re.findall(r'src="([^"]*)"', html) == ["/images/120?small", "/images/121?small"]


def test_an_image_without_a_prompt_is_named_by_its_file() -> None:
    html = web_pages.gallery([record("a.png", prompt=None)], 0, 60, 1)
    assert 'alt="a.png"' in html


def test_broken_names_can_be_sent() -> None:
    rows = [record("\udcff.png", "\udcfe", None), record("b.png", prompt="\udcfd")]
    web_pages.gallery(rows, 0, 60, 2).encode("utf-8")
    web_pages.home(card({"\udcfe": np.full((2, 2), 0.5)}), "t", False).encode("utf-8")


def test_yes_and_no_are_a_share_of_yes() -> None:
    kept = Metric("toy.kept", YES_NO, 0, 1, "higher", "kept")
    (entry,) = cells(web_pages.table(card({"a": np.array([[1.0], [0.0]])}, kept)))
    assert entry.startswith("50 % yes [")
    assert entry.endswith("%] n=2")
