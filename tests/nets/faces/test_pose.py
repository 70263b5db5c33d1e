import numpy as np
import pytest

from iqmetrics.nets.faces.pose import take_all_apart, take_apart
from iqmetrics.nets.faces.shape import left, mirror_map, template


def head(yaw=0.0, pitch=0.0, roll=0.0, depth=None):
    """A symmetric head with known turns (degrees): yaw, then pitch, then roll in the image."""
    flat = template()
    z = 0.5 * (flat**2).sum(1) if depth is None else depth
    points = np.column_stack([flat, z])
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = [[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    turn = np.array(about_z) @ np.array(about_x) @ np.array(about_y)
    return 80 * points @ turn.T + [300, 200, 5]


@pytest.mark.parametrize("yaw", [-25, -5, 0, 12, 30])
@pytest.mark.parametrize("roll", [-40, 0, 15])
def test_pose_is_read_off_and_is_not_asymmetry(yaw, roll):
    posed = take_apart(head(yaw, 0, roll))
    assert posed.degrees == pytest.approx(yaw, abs=0.01)
    assert np.degrees(posed.roll) == pytest.approx(roll, abs=0.01)
    assert np.abs(posed.skew).max() < 1e-6
    assert posed.eyes == pytest.approx(80, rel=0.05)


def test_a_moved_point_is_the_skew_and_moves_nothing_else():
    mesh = head(20, 5, 10)
    own = take_apart(mesh).axes
    point = left()[40]
    mesh[point] += 80 * 0.1 * own[0]
    skew = take_apart(mesh).skew
    assert skew[point] == pytest.approx([0.1, 0, 0], abs=0.02)
    others = np.delete(np.abs(skew), [point, mirror_map()[point]], 0)
    assert others.max() < 0.01


def test_a_mirrored_mesh_has_the_mirrored_skew():
    mesh = head(15, -8, 5) + np.random.default_rng(1).normal(0, 2, (468, 3))
    a = take_apart(mesh)
    b = take_apart(mesh[mirror_map()] * [-1, 1, 1])
    np.testing.assert_allclose(b.skew, a.skew[mirror_map()] * [-1, 1, 1], atol=1e-9)
    assert b.yaw == pytest.approx(-a.yaw) and b.roll == pytest.approx(-a.roll)
    assert b.pitch == pytest.approx(a.pitch)


def test_meshes_taken_apart_together_are_as_each_alone():
    meshes = np.stack([head(yaw, 5, 10) for yaw in (-20, 0, 15)])
    for one, mesh in zip(take_all_apart(meshes), meshes, strict=True):
        alone = take_apart(mesh)
        assert (one.skew == alone.skew).all() and (one.axes == alone.axes).all()
        assert (one.yaw, one.pitch, one.roll, one.eyes) == (
            alone.yaw,
            alone.pitch,
            alone.roll,
            alone.eyes,
        )
