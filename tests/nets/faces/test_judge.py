from dataclasses import replace

import numpy as np
import pytest
from nets.faces.people import astronaut, picture

from iqmetrics.nets.faces import judge as j
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.heads import REGIONS


@pytest.fixture(scope="module")
def face():
    return faces_of([picture(astronaut())])[0][0]


def one(face):
    return j.judge([astronaut()], [face])[0]


def test_an_ordinary_face_gets_a_number_for_each_region(face):
    verdict = one(face)
    assert verdict.reason is None and set(verdict.regions) == set(REGIONS)
    assert all(0 <= v < 10 for v in verdict.regions.values())
    assert 0 <= verdict.malformed <= 1 and abs(verdict.yaw) < 15


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"box": (200, 100, 263, 160)}, "64 px"),
        ({"flag": 0.5}, "stylised"),
        ({"yaw": -42.0}, "turned by 42"),
    ],
)
def test_what_is_not_judged_says_why(face, change, reason):
    verdict = one(replace(face, **change))
    assert reason in verdict.reason and verdict.regions == {}


def test_a_drawn_face_is_never_called_malformed_by_its_flag(face):
    verdict = one(replace(face, flag=0.0))
    assert verdict.malformed == 0.0 and verdict.reason is not None


def test_what_cannot_be_judged_is_not_measured(face, monkeypatch):
    def fail(seen):
        raise AssertionError("measured")

    monkeypatch.setattr(j, "measured", fail)
    assert "turned" in one(replace(face, yaw=-42.0)).reason
    monkeypatch.setattr(
        j, "look", lambda *a, real=j.look: [replace(s, covered="covered") for s in real(*a)]
    )
    verdict = one(face)
    assert verdict.reason == "covered" and verdict.yaw is not None and verdict.regions == {}


def test_verdicts_stay_in_order_when_some_cannot_be_judged(face):
    small = replace(face, box=(0, 0, 10, 10))
    verdicts = j.judge([astronaut()] * 3, [small, face, small])
    assert [v.reason is None for v in verdicts] == [False, True, False]
    assert verdicts[1].regions == pytest.approx(one(face).regions, rel=1e-4)


def test_chunks_do_not_change_the_answer(face, monkeypatch):
    whole = j.judge([astronaut()] * 3, [face] * 3)
    monkeypatch.setattr(j, "CHUNK", 2)
    parts = j.judge([astronaut()] * 3, [face] * 3)
    for a, b in zip(whole, parts, strict=True):
        assert a.regions == pytest.approx(b.regions, rel=1e-4)


def test_the_box_of_a_region_holds_both_sides(face):
    x0, y0, x1, y1 = j.region_box(face.mesh, "eyes")
    assert x0 < face.points[0, 0] < face.points[1, 0] < x1
    assert y0 - 4 < face.points[:2, 1].mean() < y1 + 4
    assert j.region_box(face.mesh, "mouth")[1] > y1


def test_no_faces():
    assert j.judge([], []) == []
    assert np.isfinite(j.SMALLEST)
