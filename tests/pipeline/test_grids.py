"""Grids are taken apart on request: four records, four thumbnails, four scores."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import iqmetrics
from iqmetrics.pipeline.keys import content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    quarters = [np.full((64, 96, 3), 40 + 50 * n, np.uint8) for n in range(4)]
    noisy = [np.clip(q + rng.normal(0, 3, q.shape), 0, 255).astype(np.uint8) for q in quarters]
    grid = np.vstack([np.hstack(noisy[:2]), np.hstack(noisy[2:])])
    Image.fromarray(grid).save(tmp_path / "four_in_one.png")
    Image.fromarray(noisy[1]).save(tmp_path / "single.png")
    for name in ("four_in_one", "single"):
        (tmp_path / f"{name}.txt").write_text("a grey wall")
    return tmp_path


def test_a_grid_becomes_four_pictures_with_their_own_pick_and_pixels(folder: Path) -> None:
    result = iqmetrics.score(folder, scorers=("size",), split_grids=True)
    records = {r.image: r for r in result.run.records}
    assert sorted(records) == [*(f"four_in_one.png#{n}" for n in (1, 2, 3, 4)), "single.png"]
    assert [records[f"four_in_one.png#{n}"].pick for n in (1, 2, 3, 4)] == [1, 2, 3, 4]
    readings = result.readings()
    assert all(r["size"].values["size.width"] == 96 for r in readings.values())
    thumbnails = {result.store.thumbnail(content(r)) for r in records.values()}
    assert None not in thumbnails
    assert len({content(r) for r in records.values()}) == 5
    assert "1 grids were taken apart into four pictures each" in result.index.notes


def test_a_grid_stays_whole_unless_asked(folder: Path) -> None:
    result = iqmetrics.score(folder, scorers=("size",))
    widths = {i: r["size"].values["size.width"] for i, r in result.readings().items()}
    assert widths == {"four_in_one.png": 192, "single.png": 96}


def test_a_second_run_scores_no_tile_again(folder: Path) -> None:
    out = folder / "iqm"
    first = iqmetrics.score(folder, scorers=("size",), split_grids=True, out=out)
    again = iqmetrics.score(folder, scorers=("size",), split_grids=True, out=out)
    assert first.scorecard == again.scorecard
    assert len(again.store.keys()) == 5
