"""The makers plant what they say, where they say, and nothing elsewhere."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
pytest.importorskip("cv2")

import faces_warps as warps

from iqmetrics.nets.faces.shape import mirror_map, template

SIZE, EYES = 448, 80.0
MIRROR = mirror_map()


@pytest.fixture(scope="module")
def mesh():
    flat = template() * EYES + [SIZE / 2, SIZE / 2 - 30]
    return np.column_stack([flat, 40 * (template() ** 2).sum(1)])


def dots(mesh):
    """A black picture with a soft white dot on every tenth mesh point."""
    y, x = np.mgrid[:SIZE, :SIZE]
    face = np.zeros((SIZE, SIZE))
    for px, py, _ in mesh[::10]:
        face += 250 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 18)
    return np.repeat(np.clip(face, 0, 255)[..., None], 3, 2).astype(np.uint8)


def at(field, point):
    return field[round(point[1]), round(point[0])]


@pytest.mark.parametrize("region", ["eyes", "mouth", "nose", "brows"])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_thin_plate_moves_its_region_by_the_shift_and_holds_the_rest(mesh, region, side):
    field = warps.thin_plate_field(mesh, SIZE, region, side, np.array([0.06, -0.08]), MIRROR)
    own = np.array(warps.LEFT_OF[region])
    own, other = (own, MIRROR[own]) if side < 0 else (MIRROR[own], own)
    for point in own:
        assert at(field, mesh[point]) == pytest.approx([0.06 * EYES, -0.08 * EYES], abs=1.8)
    for point in other:
        assert np.abs(at(field, mesh[point])).max() < 1
    assert np.abs(field[[0, 0, -1, -1], [0, -1, 0, -1]]).max() < 0.5


def test_a_push_moves_its_middle_by_the_shift_and_leaves_the_other_side(mesh):
    rng = np.random.default_rng(0)
    field = warps.push_field(mesh, SIZE, "mouth", -1, np.array([0.1, 0.0]), MIRROR, rng)
    here = warps.spot(mesh, "mouth", -1, MIRROR)
    there = warps.spot(mesh, "mouth", 1, MIRROR)
    assert at(field, here) == pytest.approx([0.1 * EYES, 0], abs=0.8)
    assert np.abs(at(field, there)).max() < 0.25 * 0.1 * EYES


def test_remap_shows_a_dot_where_it_was_moved_to(mesh):
    field = np.zeros((SIZE, SIZE, 2))
    field[..., 0], field[..., 1] = 7, -4
    face = dots(mesh)
    moved = warps.remap(face, field)
    np.testing.assert_array_equal(moved[50:-50, 50:-50], face[54:-46, 43:-57])


def test_a_turned_head_moves_the_nose_against_the_outline(mesh):
    shape = mesh.copy()
    from_nose = np.linalg.norm(shape[:, :2] - shape[1, :2], axis=1) / EYES
    shape[:, 2] = 60 - 80 * np.exp(-((from_nose / 0.4) ** 2))
    nose, edge = (np.zeros((SIZE, SIZE, 3), np.uint8) for _ in range(2))
    for face, point in ((nose, 1), (edge, 93)):
        x, y = shape[point, :2].round().astype(int)
        face[y - 4 : y + 5, x - 4 : x + 5] = 255

    def middle(face):
        return np.nonzero(face[..., 0] > 100)[1].mean()

    nose_by = middle(warps.turn(nose, shape, 20)) - middle(nose)
    edge_by = middle(warps.turn(edge, shape, 20)) - middle(edge)
    assert nose_by * edge_by < 0 and abs(nose_by) > 1


def test_melting_is_smooth_random_and_of_the_stated_size(mesh):
    face = dots(mesh)
    a, b = (warps.melt(face, mesh, 0.06, np.random.default_rng(s)) for s in (0, 1))
    assert (a != face).any() and (a != b).any()
    same = warps.melt(face, mesh, 0.06, np.random.default_rng(0))
    np.testing.assert_array_equal(a, same)


def test_a_blurred_eye_is_flat_and_the_other_is_untouched(mesh):
    face = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8)
    out = warps.blur_eye(face, mesh, -1, MIRROR)

    def detail(image, side):
        x, y = warps.spot(mesh, "eyes", side, MIRROR).round().astype(int)
        return image[y - 10 : y + 10, x - 10 : x + 10].std()

    assert detail(out, -1) < 0.2 * detail(face, -1)
    assert detail(out, 1) == detail(face, 1)


def test_nuisances_keep_what_they_should(mesh):
    face = dots(mesh)
    rng = np.random.default_rng(0)
    assert warps.half(face).shape == (224, 224, 3)
    assert np.abs(warps.jpeg(face, 90).astype(int) - face).mean() < 2
    assert warps.noise(face + 100, 12, rng).std() > (face + 100).std() * 0.9
    assert warps.light(face, rng).shape == face.shape
    np.testing.assert_array_equal(
        warps.roll(warps.roll(face, 90), -90)[60:-60, 60:-60], face[60:-60, 60:-60]
    )
