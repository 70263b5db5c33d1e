"""run: figures of the manifest, nothing that was not measured."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract import check_scorer
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.metadata.folder import read_folder
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.run import Run

PIXELS = np.zeros((4, 4, 3), np.uint8)
FULL = {
    "latency_s": 3.8, "first_step_s": 2.1, "vram_allocated_gb": 17.0, "vram_reserved_gb": 18.0,
    "vram_device_min_gb": 18.2, "vram_device_max_gb": 18.6,
}  # fmt: skip


def picture(**params: Any) -> Picture:
    return Picture(ImageRecord("a.png", "a.png", params=params), PIXELS)


def test_it_keeps_the_contract() -> None:
    partly = picture(telemetry={"latency_s": 1})
    check_scorer(Run(), [picture(telemetry=FULL), partly, picture()])


def test_the_values_are_those_of_the_manifest() -> None:
    [reading] = Run().score([picture(telemetry=FULL)])
    assert reading.values == {f"run.{name}": value for name, value in FULL.items()}


def test_a_manifest_on_disk(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    row = {"file_name": "a.png", "prompt": "x", "status": "ok", "telemetry": {"latency_s": 2.5}}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    [record], _ = read_folder(tmp_path)
    [reading] = Run().score([Picture(record, PIXELS)])
    assert reading.values == {"run.latency_s": 2.5}
    assert reading.missing["run.first_step_s"].reason == "not measured when it was made"


def test_a_column_of_a_table_counts_too() -> None:
    [reading] = Run().score([picture(latency_s=2.0)])
    assert reading.values == {"run.latency_s": 2.0}


@pytest.mark.parametrize("value", [None, "3", True, float("nan"), float("inf"), -1.0, [1]])
def test_what_is_no_time_is_no_number(value: Any) -> None:
    [reading] = Run().score([picture(telemetry={"latency_s": value})])
    assert not reading.values and reading.missing["run.latency_s"].status == "not_applicable"


def test_a_cached_image_has_no_cost() -> None:
    [reading] = Run().score([picture(telemetry={**FULL, "cached": True})])
    assert not reading.values
    assert reading.missing["run.latency_s"].reason == "made from a cache"


def test_telemetry_wins_over_columns_even_when_it_is_empty() -> None:
    [reading] = Run().score([picture(telemetry={"latency_s": 1.0}, latency_s=9.0)])
    assert reading.values == {"run.latency_s": 1.0}
    [empty] = Run().score([picture(telemetry={}, latency_s=9.0)])
    assert not empty.values
    [strange] = Run().score([picture(telemetry="fast", latency_s=9.0)])
    assert strange.values == {"run.latency_s": 9.0}


@pytest.mark.parametrize("value", [0, 0.0, 10**6, 5e-324])
def test_zero_and_large_and_tiny_numbers_are_numbers(value: float) -> None:
    [reading] = Run().score([picture(telemetry={"latency_s": value})])
    assert reading.values == {"run.latency_s": value}
    assert isinstance(reading.values["run.latency_s"], float)


def test_no_manifest_and_nothing_measured_are_told_apart() -> None:
    nothing, unmeasured = Run().score([picture(), picture(telemetry={"steps": 4})])
    assert {m.reason for m in nothing.missing.values()} == {"no manifest tells how it was made"}
    assert {m.reason for m in unmeasured.missing.values()} == {"not measured when it was made"}
    assert len(nothing.missing) == len(unmeasured.missing) == 6
