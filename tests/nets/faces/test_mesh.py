from pathlib import Path

import numpy as np
import pytest
from nets.faces.people import astronaut

from iqmetrics.nets.faces import mesh
from iqmetrics.nets.faces.crop import Square
from iqmetrics.nets.faces.shape import mirror_map

FACE = Square(226, 126, 150)


def test_a_face_is_flagged_and_a_wall_is_not():
    wall = np.random.default_rng(0).integers(90, 110, (512, 512, 3)).astype(np.uint8)
    _, flags = mesh.trace([astronaut(), wall], [FACE, FACE])
    assert flags[0] > 0.99 and flags[1] < 0.1


def test_the_mesh_does_not_care_where_the_square_sits_exactly():
    squares = [FACE, Square(230, 122, 160, 0.1)]
    points, _ = mesh.trace([astronaut()] * 2, squares)
    assert np.linalg.norm(points[0, :, :2] - points[1, :, :2], axis=1).mean() < 2.5


def test_the_mesh_of_the_mirror_is_the_mirror_of_the_mesh():
    points, _ = mesh.trace(
        [astronaut(), np.ascontiguousarray(astronaut()[:, ::-1])],
        [FACE, Square(512 - 226, 126, 150)],
    )
    back = points[1][mirror_map()] * [-1, 1, 1] + [512, 0, 0]
    assert np.linalg.norm(points[0, :, :2] - back[:, :2], axis=1).mean() < 2.5


def test_its_own_square_is_level_with_the_eyes_and_holds_the_face():
    points, _ = mesh.trace([astronaut()], [FACE])
    turned = points[0].copy()
    a = np.radians(25)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    turned[:, :2] = (turned[:, :2] - 226) @ turn.T + 226
    one, two = mesh.square_of_mesh(points[0]), mesh.square_of_mesh(turned)
    assert two.angle - one.angle == pytest.approx(a, abs=1e-6)
    assert two.side == pytest.approx(one.side)
    inside = one.from_image(points[0][:, :2], 1.0)
    assert inside.min() > 0.1 and inside.max() < 0.9


def test_many_meshes_have_the_squares_of_each():
    meshes = np.random.default_rng(0).normal(200, 50, (9, 468, 3))
    assert mesh.squares_of_meshes(meshes) == [mesh.square_of_mesh(m) for m in meshes]
    assert mesh.squares_of_meshes(meshes[:0]) == []


def test_the_square_of_a_box_turns_with_the_eyes():
    points = np.array([[10, 10], [20, 20], [0, 0], [0, 0], [0, 0], [0, 0]], float)
    square = mesh.square_of_box((0, 0, 40, 20), points)
    assert (square.x, square.y, square.side) == (20, 10, 60)
    assert square.angle == pytest.approx(np.pi / 4)


def test_looking_inside_gives_the_same_points_and_how_the_layers_differ_from_the_mirrors():
    crop = astronaut()[30:222, 130:322]
    crops = np.stack([crop, crop[:, ::-1], crop[8:].repeat(2, 0)[:192], crop])
    points, flags, layers, alike = mesh.look_inside(crops, 2)
    plain, plain_flags = mesh.trace_crops(crops)
    np.testing.assert_array_equal(points, plain)
    np.testing.assert_array_equal(flags, plain_flags)
    assert layers.shape == (1, 31232) and np.abs(layers).max() > 0.1
    one, two = (mesh.look_inside(crops[k : k + 2], 1)[2] for k in (0, 2))
    np.testing.assert_allclose(layers, (one + two) / 2, atol=1e-5)
    halves = [mesh.look_inside(crops[k : k + 2], 1)[3] for k in (0, 2)]
    np.testing.assert_allclose(alike, np.mean(halves, 0), atol=1e-5)
    swapped = mesh.look_inside(np.ascontiguousarray(crops[1::-1]), 1)[2]
    np.testing.assert_allclose(swapped, -one, atol=1e-5)
    turned = mesh.look_inside(np.ascontiguousarray(crops[1::-1]), 1)[3]
    np.testing.assert_allclose(turned, halves[0], atol=1e-5)


def test_points_are_those_of_mediapipe_itself():
    """Expected: MediaPipe 0.10.21, FaceLandmarkCpu with attention, on this cut-out as a whole."""
    expected = np.load(Path(__file__).with_name("attention_mesh.npy"))
    points, flags = mesh.trace_crops(astronaut()[None, 30:222, 130:322])
    np.testing.assert_allclose(points[0], expected, atol=1e-3)
    assert flags[0] > 0.99
