"""Pushed jaws: the answer is what was pushed, and what else is done to a face does not count."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import faces_jaw_strips as bend
import faces_samples as samples
from nets.faces.people import astronaut, picture

from iqmetrics.nets.faces.crop import Square, cut
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.jaw import strips
from iqmetrics.nets.faces.measure import measure


@pytest.fixture(scope="module")
def face():
    """The astronaut cut out as the sampler does, and her mesh there."""
    (found,) = faces_of([picture(astronaut())])[0]
    square = found.square
    pixels = cut(astronaut(), Square(square.x, square.y, square.side * 1.35), samples.SIDE)
    return pixels, samples.face_near(pixels, samples.SIDE / 2, samples.SIDE / 2).mesh


def test_a_field_that_moves_both_sides_alike_has_no_answer(face):
    _, mesh = face
    axes = bend.warps.axes(mesh)
    down = np.tile(10 * axes[1], (samples.SIDE, samples.SIDE, 1))
    np.testing.assert_allclose(bend.answer(down, mesh), 0, atol=1e-9)


def test_a_side_moved_right_answers_that_for_the_left_and_the_contrary_for_the_right(face):
    _, mesh = face
    unit, axes = bend.warps.eye_distance(mesh), bend.warps.axes(mesh)
    _, x = np.mgrid[: samples.SIDE, : samples.SIDE]
    left = (x < mesh[1, 0])[..., None] * (0.1 * unit * axes[0])
    right = (x >= mesh[1, 0])[..., None] * (0.1 * unit * axes[0])
    assert bend.answer(left, mesh) == pytest.approx([0.1, 0], abs=1e-6)
    assert bend.answer(right, mesh) == pytest.approx([0.1, 0], abs=1e-6)


def test_pushes_of_the_jaw_have_an_answer_and_others_hardly(face):
    _, mesh = face
    rng = np.random.default_rng(0)
    own = [np.hypot(*bend.answer(bend.jaw_field(mesh, rng), mesh)) for _ in range(30)]
    other = [np.hypot(*bend.answer(bend.other_field(mesh, rng), mesh)) for _ in range(30)]
    assert max(own) <= 0.16 and np.median(own) > 0.02
    assert max(other) < 0.03


def test_a_chain_is_far_by_the_nearest_of_its_pieces():
    y, x = np.mgrid[:20, :20].astype(float)
    away = bend.far_from(np.array([[2.0, 5], [10, 5], [10, 15]]), x, y)
    assert away[5, 6] == 0 and away[9, 6] == 4 and away[15, 13] == 3 and away[5, 0] == 2


def test_strips_without_a_detector_are_nearly_those_in_use(face):
    pixels, mesh = face
    quick, yaw = bend.seen(pixels, mesh, np.random.default_rng(0))
    (found,) = faces_of([picture(pixels)])[0]
    whole = measure([pixels], [found])[0]
    off = quick.astype(float) - strips(whole.face)
    assert np.abs(off).mean() < 6 and abs(yaw - whole.posed.degrees) < 6


def test_one_photo_gives_what_learns_and_what_checks(face):
    pixels, mesh = face
    rows = bend.bent((0, "p", pixels, mesh, 3))
    assert [r[2] for r in rows] == ["learn"] * 3 + ["normal"] + ["check"] * bend.CHECKS
    assert all((r[3] == 0).all() for r in rows[3:])
