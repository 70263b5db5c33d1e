"""The hostile strings and the made-up stores that the figures of gate, feeds and report rest on."""

import sys
from pathlib import Path

import pytest

from iqmetrics.pipeline.score import read
from iqmetrics.store import Store
from iqmetrics.views import feeds

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


def test_the_list_has_its_length_without_repeats_and_every_kind() -> None:
    import hostile_strings

    texts = hostile_strings.strings()
    assert len(texts) == len(set(texts)) == hostile_strings.COUNT == 516
    for kind in ("\0", "\r", "\n", "\u202e", "\u0301", "😀", '"', "=1+1", "<script>", "\udcff", ""):
        assert any(kind in text for text in texts)


def test_no_two_hostile_strings_share_a_cell_and_none_is_live() -> None:
    import hostile_strings

    cells = [feeds.cell(text) for text in hostile_strings.strings()]
    assert len(set(cells)) == len(cells)
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@")) for cell in cells)


def test_a_made_up_store_reads_like_a_scored_one() -> None:
    import decide_store

    with Store(None) as store:
        run = decide_store.fill(store, ["a", "b", "c"], 2, ("text", "face"))
        found = read(store)
        assert len(run.records) == 12
        assert found.scorecard.models == decide_store.MODELS
        rows = {row.metric: row for row in found.scorecard.rows}
    assert rows["text.cer"].images == 6
    assert "usable" in rows


def test_rows_are_as_wide_as_the_header() -> None:
    import decide_rows

    assert [len(row) for row in decide_rows.rows(3)] == [len(feeds.LONG)] * 3
