"""What is written is read back the same, and judged the same, whatever names and numbers it holds."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factory import card
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iqmetrics.pipeline import scorecard_file
from iqmetrics.pipeline.compare import compare
from iqmetrics.pipeline.gate import judge
from iqmetrics.pipeline.rules import Rule, Rules
from iqmetrics.records import YES_NO, Cell, ImageRecord, Metric, Missing, Reading, Scorecard, Source
from iqmetrics.store import FileRow, Store

NAMES = st.text(min_size=1, max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
STATUS = st.sampled_from(["not_applicable", "abstained", "unavailable", "failed"])
QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SEEDS = st.none() | st.integers(-(2**63), 2**64)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    values = draw(st.dictionaries(NAMES, NUMBERS, max_size=4))
    gone = draw(st.dictionaries(NAMES, st.builds(Missing, STATUS, st.text(max_size=9)), max_size=3))
    evidence = draw(st.dictionaries(NAMES, st.lists(st.integers(), max_size=3), max_size=2))
    return Reading(values, {k: v for k, v in gone.items() if k not in values}, evidence)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    values = draw(st.dictionaries(NAMES, NUMBERS, max_size=4))
    gone = draw(st.dictionaries(NAMES, STATUS, max_size=3))
    seed, pick = draw(SEEDS), draw(st.none() | st.integers(1, 9))
    missing = {k: v for k, v in gone.items() if k not in values}
    return Cell("m", draw(NAMES), seed, pick, draw(st.text(max_size=8)), values, missing)


@QUICK
@given(st.dictionaries(st.binary(min_size=1, max_size=8), readings(), max_size=6))
def test_readings_come_back_from_the_store(kept: dict[bytes, Reading]) -> None:
    with Store(None) as store:
        store.add([(key, "s", reading) for key, reading in kept.items()])
        assert store.readings(kept, evidence=10**6) == kept
        assert store.keys() == set(kept)
        failed = {
            k for k, r in kept.items() if any(m.status == "failed" for m in r.missing.values())
        }
        assert set(store.retriable()) == failed


@QUICK
@given(st.lists(st.tuples(NAMES, readings()), max_size=5))
def test_the_last_reading_of_a_key_counts(added: list[tuple[str, Reading]]) -> None:
    with Store(None) as store:
        for name, reading in added:
            store.add([(name.encode("utf-8", "surrogatepass"), "s", reading)])
        last = {name.encode("utf-8", "surrogatepass"): reading for name, reading in added}
        assert store.readings(last, evidence=10**6) == last


@QUICK
@given(
    prompt=st.none() | st.text(max_size=30),
    seed=st.none() | st.integers(-(2**63), 2**64),
    name=NAMES,
)
def test_records_come_back_in_order(prompt: str | None, seed: int | None, name: str) -> None:
    where = {"prompt": Source("sidecar", "high")}
    records = [
        ImageRecord(f"{n}{name}", name, model=name, prompt=prompt, prompt_id="p", seed=seed, pick=n + 1,
                    texts=(name,), tags=("t", name), requested_size=(3, 4), params={"k": [1, name]}, sources=where)
        for n in range(3)
    ]  # fmt: skip
    with Store(None) as store:
        store.put_images(records)
        assert list(store.images()) == records
        assert list(store.images(1, 1)) == records[1:2]
        assert store.count_images() == 3


@QUICK
@given(
    st.lists(
        st.builds(FileRow, NAMES, *[st.integers(0, 2**62)] * 3, NAMES, NAMES),
        max_size=5,
        unique_by=lambda r: r.path,
    )
)
def test_files_come_back(rows: list[FileRow]) -> None:
    with Store(None) as store:
        store.add_files(rows)
        assert sorted(store.files(), key=lambda r: r.path) == sorted(rows, key=lambda r: r.path)


@QUICK
@given(made=st.lists(cells(), max_size=5))
def test_a_scorecard_comes_back_from_its_file(made: list[Cell], tmp_path: Path) -> None:
    (row,) = card({"m": np.array([[0.25, 0.5]])}).rows
    held = Counter((cell.model, metric) for cell in made for metric in cell.values)
    rows = tuple(
        replace(row, model=model, metric=metric, images=count, coverage={"ok": count})
        for (model, metric), count in held.items()
    )
    one = Scorecard(rows, tuple(made), {"toy": "1"}, "d")
    path = tmp_path / "card.json"
    path.write_text(scorecard_file.dump(one), "utf-8")
    found = scorecard_file.load(path)
    assert found.rows == one.rows
    assert found.cells == one.cells
    assert scorecard_file.dump(found) == path.read_text("utf-8"), "the same card, the same bytes"
    json.loads(path.read_text("utf-8"), parse_constant=lambda name: pytest.fail(name))


def both(old: np.ndarray, new: np.ndarray, better: str = "higher", unit: str = "") -> Scorecard:
    return card({"old": old, "new": new}, Metric("toy.good", unit, None, None, better, "toy"))  # type: ignore[arg-type]


GRIDS = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(size=(2, 12, 2))
)


@settings(max_examples=20, deadline=None)
@given(GRIDS, st.floats(0.01, 2))
def test_better_and_worse_swap_with_the_models_and_with_the_direction(
    grid: np.ndarray, margin: float
) -> None:
    margins = {"toy.good": margin}
    swapped = {"better": "worse", "worse": "better"}
    there = compare(both(*grid), "old", both(*grid), "new", margins).contrasts[0]
    back = compare(both(*grid), "new", both(*grid), "old", margins).contrasts[0]
    turned = compare(both(*grid, "lower"), "old", both(*grid, "lower"), "new", margins).contrasts[0]
    assert back.answer == turned.answer == swapped.get(there.answer, there.answer)
    assert there.difference == pytest.approx(-back.difference)
    assert there.win_rate == pytest.approx(1 - turned.win_rate)
    assert there.win_rate == pytest.approx(1 - back.win_rate)


@settings(max_examples=20, deadline=None)
@given(GRIDS)
def test_the_difference_is_the_mean_over_prompts_of_paired_differences(grid: np.ndarray) -> None:
    found = compare(both(*grid), "old", both(*grid), "new").contrasts[0]
    assert found.difference == pytest.approx((grid[1] - grid[0]).mean(axis=1).mean())
    assert found.baseline == pytest.approx(grid[0].mean())
    assert (found.pairs, found.prompts, found.lost) == (24, 12, 0)
    wins = ((grid[1] - grid[0]).mean(axis=1) > 0).mean()
    assert found.win_rate == pytest.approx(wins)


@settings(max_examples=20, deadline=None)
@given(GRIDS, st.floats(0.05, 2), st.floats(0, 2))
def test_a_wider_margin_never_holds_back_what_passed(
    grid: np.ndarray, margin: float, more: float
) -> None:
    states = [
        judge(Rules("g", "", 0.05, (Rule("toy.good", margin=m),)), both(*grid), "old", both(*grid), "new").state
        for m in (margin, margin + more)
    ]  # fmt: skip
    assert states[0] != "PASS" or states[1] == "PASS"
    assert states[1] != "FAIL" or states[0] == "FAIL"


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_rate_against_itself_is_tied_or_unsure_and_never_better(share: float) -> None:
    values = (np.arange(20) < 20 * share).astype(float)[:, None]
    made = both(values, values, unit=YES_NO)
    found = compare(made, "old", made, "new").contrasts[0]
    assert found.answer == "tied"
    assert (found.difference, found.unit) == (0, YES_NO)
