"""A comparison as text says everything that was compared, and everything that was not."""

from dataclasses import replace

import numpy as np
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
