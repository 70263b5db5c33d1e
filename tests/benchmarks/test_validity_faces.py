"""The study's arithmetic: AUC, abstention as .5, own region, frontal faces only."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def study():
    path = ROOT / "benchmarks" / "validity" / "faces.py"
    held = {name: sys.modules.pop(name, None) for name in ("faces", "report")}
    spec = importlib.util.spec_from_file_location("validity_faces", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.update({name: m for name, m in held.items() if m is not None})


def test_auc_by_hand(study):
    assert study.auc([2, 3], [1, 1]) == 1
    assert study.auc([1], [1]) == 0.5
    assert study.auc([0, 2], [1]) == 0.5


def test_ears_are_looked_for_in_the_jaw_score(study):
    assert study.region_of("ears_10") == study.region_of("jaw_10") == 4
    assert study.region_of("eyes_6") == 0


def made(study, flag, refused=frozenset()):
    """Two frontal faces and a turned one; eyes_10 always scores above normal."""
    kind = np.array(["normal", "eyes_10"] * 3)
    data = {
        "kind": kind,
        "index": np.repeat([0, 1, 2], 2),
        "person": np.repeat([0, 1, 2], 2),
        "tested": np.ones(6, bool),
        "yaw": np.array([0, 1, 5, 4, 27, 26.0]),
        "found": np.array([[0.9, f, 100] for f in flag]),
    }
    regions = np.where(kind == "eyes_10", 3.0, 1.0)[:, None] * np.ones(5)
    regions[4:] = [[9.0] * 5, [0.0] * 5]
    return study.Study(data, (regions, np.zeros(6)), data["tested"], refused)


def test_turned_faces_do_not_count(study):
    seen = made(study, [1] * 6)
    assert seen.auc("eyes_10", seen.regions[:, 0]) == 1


def test_the_error_is_none_where_every_person_says_the_same(study):
    seen = made(study, [1] * 6)
    assert seen.error("eyes_10", seen.regions[:, 0], times=20) == 0
    seen.regions[1] = 0.5  # the first person's shifted eye is seen no more
    assert 0.2 < seen.error("eyes_10", seen.regions[:, 0], times=200) < 0.5


def test_an_unanswered_face_counts_half(study):
    seen = made(study, [1, 0.2, 1, 1, 1, 1])
    assert seen.of("eyes_10", seen.worst)[1] == 0.5
    assert seen.auc("eyes_10", seen.worst) == pytest.approx(0.75)


def test_a_face_that_the_gates_refuse_counts_half(study):
    seen = made(study, [1] * 6, refused={(0, "eyes_10")})
    assert seen.of("eyes_10", seen.worst)[1] == 0.5
    assert seen.auc("eyes_10", seen.regions[:, 0]) == pytest.approx(0.75)


def test_gates_name_what_they_refuse_and_how_much(study, monkeypatch):
    style = {
        "index": np.array([0, 0, -1, 1]),
        "kind": np.array(["normal", "melt_6", "drawn", "normal"]),
    }
    answers = np.array([[-1, -1], [-1, 2.0], [3, -1], [-1, -2]])
    monkeypatch.setattr(study.gates, "held_out", lambda data: answers)
    pairs, shares = study.gated(style)
    assert pairs == {(0, "melt_6"), (-1, "drawn")}
    assert shares["gate_refuses_melts"] == 1 and shares["gate_refuses_photos"] == 0


def test_figures_of_faces_seen_by_eye(study):
    def row(verdict, fitted, reason, malformed=0.0):
        return {
            "verdict": verdict,
            "fitted": fitted,
            "answer": {"reason": reason, "malformed": malformed},
        }

    rows = [
        row("sound", "no", None, 0.9),
        row("sound", "yes", "turned by 40 degrees"),
        row("drawn", "no", "drawn or stylised"),
        row("drawn", "yes", None, 0.2),
        row("malformed", "no", None, 0.8),
        row("no face", "no", None, 0.7),
        {"verdict": "covered", "fitted": "no", "answer": None},
    ]
    figures = study.eye_figures(rows)
    assert figures["eyes_faces"] == 7 and figures["eyes_judged"] == 4
    assert figures["eyes_malformed_false"] == 2 == figures["eyes_malformed_false_unseen"]
    assert figures["eyes_photos"] == figures["eyes_photos_answered"] == 1
    assert figures["stylised_faces"] == 3 and figures["stylised_abstained"] == 1
