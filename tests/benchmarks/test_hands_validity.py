"""The figures of the validity study: known intervals, calibration and counts."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "validity"))

import hands


def test_upper_bound_of_no_event_in_300_is_known():
    assert hands.upper95(0, 300) == pytest.approx(0.01264, abs=1e-4)
    assert hands.upper95(3, 10) == pytest.approx(0.6032, abs=1e-3)


def test_calibration_error():
    right = np.array([True] * 9 + [False])
    assert hands.ece(np.full(10, 0.9), right) == pytest.approx(0)
    assert hands.ece(np.full(10, 0.99), right) == pytest.approx(0.09)


def test_figures_from_known_verdicts():
    some = {n: np.array([[t, t], [0.9, 0.9]], float) for n, t in hands.TRUTH.items()}
    some["normal"] = np.array([[1, 1, 1, 2], [0.9] * 4], float)
    some["closed"] = np.array([[-1, -1, 0], [0.9] * 3], float)
    some["six"] = np.array([[2, -1], [0.9, 0.9]], float)
    got = hands.figures(some)
    assert (got["false_wrong_normal"], got["normal_hands"]) == (1, 4)
    assert (got["flags_on_closed"], got["closed_hands"]) == (1, 3)
    assert got["six_recall"] == 1 and got["six_recall_edits"] == 0.5
    assert got["decided_normal"] == 1
