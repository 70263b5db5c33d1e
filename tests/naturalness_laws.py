"""What the tests of niqe, brisque and piqe have in common."""

import csv
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from contract import check_scorer, copies, same_reading
from naturalness_pictures import PHOTOS, calibration, noise, photo, picture

from iqmetrics.images import Picture, open_picture
from iqmetrics.nets.naturalness import devices
from iqmetrics.records import ImageRecord

GOLDEN = Path(__file__).resolve().parents[1] / "fixtures" / "golden"


def unlike() -> list[Picture]:
    """Pictures of unlike sizes, most of them fit to be judged."""
    sizes = [(200, 300), (193, 211), (200, 300), (120, 120), (10, 300)]
    return [picture(noise(*size, seed=k), f"{k}.png") for k, size in enumerate(sizes)]


def check_contract(scorer: Any) -> None:
    check_scorer(scorer, unlike())


def check_stacks(scorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batched torch path (what the GPU runs) says what the CPU says."""
    pytest.importorskip("torch")
    pictures = unlike()
    expected = scorer.score(pictures)
    from iqmetrics.nets.naturalness import cuda

    monkeypatch.setattr(
        devices, "each", lambda chosen, one, batch, _: cuda.each(chosen, batch, "cpu")
    )
    for a, b in zip(expected, scorer.score(copies(pictures)), strict=True):
        same_reading(a, b, rel=1e-6, abs_=1e-7)


def check_memory(scorer: Any, bytes_a_pixel: float) -> None:
    """Beside the picture itself a scorer takes only a few bytes a pixel."""
    shown = picture(noise(1500, 2000))
    scorer.score([picture(noise(200, 200))])  # tables and machine code
    tracemalloc.start()
    scorer.score([shown])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / (1500 * 2000) < bytes_a_pixel


def check_golden(scorer: Any) -> None:
    golden = json.loads((GOLDEN / f"{scorer.name}.json").read_text("utf-8"))
    assert set(golden["values"]) == set(PHOTOS)
    for reading, name in zip(
        scorer.score([picture(photo(n)) for n in PHOTOS]), PHOTOS, strict=True
    ):
        expected = pytest.approx(golden["values"][name], abs=golden["tolerance_abs"])
        assert reading.values[scorer.name] == expected, name


def official(metric: str) -> dict[str, float]:
    with (calibration() / "results_official.csv").open(encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["Method"] == metric)
    return {name[:3]: float(value) for name, value in row.items() if name != "Method"}


def calibrated(scorer: Any) -> dict[str, float]:
    paths = sorted((calibration() / "dist").glob("*.bmp"))
    pictures = [open_picture(ImageRecord(p.name, str(p))) for p in paths]
    readings = scorer.score(pictures)
    return {p.stem: r.values[scorer.name] for p, r in zip(paths, readings, strict=True)}
