"""A picture may be one pixel wide: every scorer answers, or says why not, and reads inside it."""

import os
import subprocess
import sys

import numpy as np
import pytest

from iqmetrics import presets
from iqmetrics.engines import safely
from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers import base

SHAPES = [(1, 1), (2, 3), (1, 4000), (4000, 1), (2, 900), (40, 3000)]
NAMES = ("size", "niqe", "brisque", "piqe", "look", "grain", "face", "hands", "text")


def noise(shape) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)


def failures(name: str) -> list[str]:
    """What a scorer of the standard preset says of every shape that it fails on."""
    (choice,) = (c for c in presets.load("standard").scorers if c.name == name)
    scorer = choice.build()
    base.load(scorer, "cpu")
    told = []
    for shape in SHAPES:
        for pixels in (noise(shape), np.full((*shape, 3), 200, np.uint8)):
            picture = Picture(ImageRecord("a", "a", prompt='a sign that says "OPEN"'), pixels)
            (reading,) = safely.score_images(scorer, [picture])
            wrong = {m.reason for m in reading.missing.values() if m.status == "failed"}
            told += [f"{name} {shape}: {reason}" for reason in wrong]
    return told


@pytest.mark.parametrize("name", NAMES)
def test_thin_pictures_are_judged_or_told_why_not(name):
    try:
        assert failures(name) == []
    except Unavailable as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["niqe", "brisque", "piqe", "look", "grain", "hands"])
def test_compiled_loops_stay_inside_thin_pictures(name, tmp_path):
    code = f"import test_thin_pictures as t; print(*t.failures({name!r}), sep='\\n')"
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    beside = os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, **checked, "PYTHONPATH": beside},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
