"""The benchmark of `iqm generate` runs its pieces and its stored figures are plausible."""

import json
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "generate.json"


def test_nothing_is_lost_and_equal_seeds_are_equal_bytes() -> None:
    figures = json.loads(RESULTS.read_text("utf-8"))
    assert figures["resume_lost"] == 0 and figures["same_seed_same_bytes"] == 1.0
    assert 0 < figures["resume_killed_at"] < figures["resume_images"], "it was really killed"
    assert figures["resume_made_again"] <= 1


def test_the_tiny_models_are_small_and_the_later_one_is_better() -> None:
    figures = json.loads(RESULTS.read_text("utf-8"))
    assert figures["tiny_t2i_mb"] <= 10
    assert 0 < figures["v2_minus_v1_low95"] < figures["v2_alignment"] - figures["v1_alignment"]
