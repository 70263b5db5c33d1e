"""A comparison as text says everything that was compared, and everything that was not."""

from dataclasses import replace

import numpy as np
import pytest
from factory import card

from iqmetrics.pipeline.compare import compare
from iqmetrics.records import YES_NO, Metric
from iqmetrics.views import contrasts, terminal

BASE = np.random.default_rng(1).normal(0.5, 0.1, size=(30, 2))
BOTH = card({"old": BASE, "new": np.vstack([BASE[:20] + 0.1])})


def test_a_comparison_reads_like_a_sentence() -> None:
    text = contrasts.text(compare(BOTH, "old", BOTH, "new"))
    assert text.startswith("new against old")
    assert "better" in text
    assert "40 pairs, 20 prompts" in text
    assert "10 without a partner" in text
    assert "prompt prompt-20 is only in the baseline" in text


def test_sentences_beside_the_table_fit_the_terminal() -> None:
    found = compare(BOTH, "old", BOTH, "new")
    told, whole = contrasts.text(found, 30), contrasts.text(found)
    assert "    in the baseline" in told.splitlines() and "only in the baseline" in whole
    assert max(map(len, told.partition("10 without")[2].splitlines())) <= 30


def test_what_two_prompts_say_of_hundreds_of_millions_is_not_told_to_the_digit() -> None:
    old = np.array([[0.9964], [0.9966]])
    both = card({"old": old, "new": old - np.array([[0.5], [0.8]])})
    assert "more than a million prompts needed" in contrasts.text(compare(both, "old", both, "new"))


def test_a_scorecard_shows_both_models_side_by_side() -> None:
    lines = terminal.scorecard(BOTH).splitlines()
    assert lines[0].split() == ["metric", "better", "new", "old"]
    assert lines[2].startswith("toy.good  up")
    assert "n=60" in lines[2]


def test_by_tag_has_a_table_a_tag_and_says_when_there_are_none() -> None:
    assert "No prompt has a tag" in contrasts.by_tag(compare(BOTH, "old", BOTH, "new"))
    tagged = replace(BOTH, tags={f"prompt-{p}": ("hands",) for p in range(8)})
    lines = contrasts.by_tag(compare(tagged, "old", tagged, "new")).splitlines()
    assert lines[0] == "hands"
    assert "16 pairs, 8 prompts" in lines[3]


def test_by_prompt_lists_the_largest_losses() -> None:
    lines = contrasts.by_prompt(compare(BOTH, "old", BOTH, "new")).splitlines()
    assert len(lines) == 3 + contrasts.WORST
    assert lines[1].split() == ["metric", "prompt", "old", "new", "pairs"]


def test_yes_and_no_are_compared_in_shares_and_points() -> None:
    kept = Metric("toy.kept", YES_NO, 0, 1, "higher", "kept")
    old = np.repeat([[1.0], [0.0]], 20, axis=0)
    both = card({"old": old, "new": np.ones_like(old)}, kept)
    found = compare(both, "old", both, "new")
    row = contrasts.text(found).splitlines()[-1]
    assert "50 %  100 %  50 points" in row
    assert row.count("points") == 4, "the difference, both ends of its interval and the margin"
    assert "100 %  0 %" in contrasts.by_prompt(compare(both, "new", both, "old"))


def test_wins_are_a_share_of_pairs() -> None:
    old = np.zeros((20, 1))
    new = np.where(np.arange(20)[:, None] < 15, 0.1, -0.1)
    both = card({"old": old, "new": new})
    assert "  75 %  20 pairs, 20 prompts" in contrasts.text(compare(both, "old", both, "new"))


@pytest.mark.parametrize(("lonely", "more"), [(0, ""), (1, ""), (10, ""), (11, "  and 1 more")])
def test_of_many_without_a_partner_ten_are_named(lonely: int, more: str) -> None:
    both = card({"old": np.zeros((20 + lonely, 1)), "new": np.zeros((20, 1))})
    lines = contrasts.text(compare(both, "old", both, "new")).splitlines()
    named = [line for line in lines if line.startswith("  prompt ")]
    assert len(named) == min(lonely, 10)
    assert (f"{lonely} without a partner, left out:" in lines) is (lonely > 0)
    assert [line for line in lines if line.startswith("  and ")] == ([more] if more else [])


def test_pairs_without_a_common_seed_are_told() -> None:
    here = card({"old": BASE})
    there = replace(here, cells=tuple(replace(c, model="new", seed=None) for c in here.cells))
    there = replace(there, rows=tuple(replace(r, model="new") for r in there.rows))
    text = contrasts.text(compare(here, "old", there, "new"))
    assert "30 prompts have no seed in common: paired by pick." in text
    assert "no seed in common" not in contrasts.text(compare(BOTH, "old", BOTH, "new"))


def test_what_was_measured_otherwise_is_refused_in_words_and_not_in_the_table() -> None:
    here = card({"old": BASE})
    rows = tuple(replace(r, model="new", scorer_version="9") for r in here.rows)
    cells = tuple(replace(c, model="new") for c in here.cells)
    there = replace(here, rows=rows, cells=cells, scorers={"toy": "9"})
    lines = contrasts.text(compare(here, "old", there, "new")).splitlines()
    assert lines[2] == "Nothing could be compared."
    assert lines[3].startswith("toy.good: refused, ")
