import numpy as np
import pytest
from nets.faces.people import astronaut, picture, sized

from iqmetrics.nets.faces import measure as m
from iqmetrics.nets.faces.canonical import EYES, SIZE
from iqmetrics.nets.faces.find import faces_of, is_turned, mirrored, upright


def measured(pixels):
    shown = picture(pixels)
    (face,) = faces_of([shown])[0]
    face = mirrored(face, shown.width) if is_turned(shown) else face
    return m.measure([upright(shown)], [face])[0]


def as_shot(pixels):
    """Measured in the picture's own orientation."""
    shown = picture(pixels)
    (face,) = faces_of([shown])[0]
    return m.measure([shown.pixels], [face])[0]


def test_the_mirror_image_is_measured_exactly_alike():
    one, two = measured(astronaut()), measured(astronaut()[:, ::-1])
    np.testing.assert_array_equal(one.skew, two.skew)
    np.testing.assert_array_equal(one.broken, two.broken)


def test_the_measure_itself_changes_its_sign_with_the_mirror():
    one, two = as_shot(astronaut()), as_shot(np.ascontiguousarray(astronaut()[:, ::-1]))
    assert np.corrcoef(one.skew, -two.skew)[0, 1] > 0.8
    assert one.posed.degrees == pytest.approx(-two.posed.degrees, abs=1)


def test_all_faces_together_answer_as_each_alone():
    pictures = [astronaut(), sized(astronaut(), 700)]
    shown = [picture(p) for p in pictures]
    faces = [f[0] for f in faces_of(shown)]
    together = m.measure(pictures, faces)
    for one, p, f in zip(together, pictures, faces, strict=True):
        alone = m.measure([p], [f])[0]
        np.testing.assert_allclose(one.skew, alone.skew, atol=1e-5)


def test_flow_cells_read_a_left_side_shift():
    flow = np.zeros((SIZE, SIZE, 2))
    flow[:, : SIZE // 2, 0] = 0.08
    cells = m.flow_cells(flow)
    np.testing.assert_allclose(cells, [[0.04, 0]] * len(cells), atol=1e-12)
    both = np.zeros((SIZE, SIZE, 2))
    both[:, : SIZE // 2, 0], both[:, SIZE // 2 :, 0] = 0.08, -0.08
    np.testing.assert_allclose(m.flow_cells(both), 0, atol=1e-12)


def test_flow_points_from_a_moved_patch_back_to_where_its_mirror_is():
    rng = np.random.default_rng(0)
    import cv2

    half = cv2.GaussianBlur(rng.normal(0, 60, (SIZE, SIZE // 2)), (0, 0), 3) * 6 + 128
    face = np.hstack([half, half[:, ::-1]])
    shift = np.roll(face, 4, 1)
    face[40:100, 20:80] = shift[40:100, 20:80]
    shown = np.clip(np.repeat(face[..., None], 3, 2), 0, 255).astype(np.uint8)
    flow, match = m._flow(shown)
    assert flow[60:80, 40:60, 0].mean() * EYES == pytest.approx(-4, abs=1.5)
    assert abs(flow[130:160, 40:60, 0].mean()) * EYES < 0.5
    assert match.shape == (SIZE, SIZE)


def test_eye_parts_are_zero_for_like_eyes_and_change_sign_when_swapped():
    rng = np.random.default_rng(1)
    eyes = rng.normal(0, 0.3, (2, 76, 2))
    np.testing.assert_allclose(m.eye_parts(np.stack([eyes[0], eyes[0]])), 0, atol=1e-12)
    np.testing.assert_allclose(m.eye_parts(eyes), -m.eye_parts(eyes[::-1]), atol=1e-12)


def test_signs_of_a_broken_face_are_named_and_finite():
    one = measured(astronaut())
    assert len(one.broken) == len(m.BROKEN)
    assert np.isfinite(one.broken).all() and (one.broken >= 0).all()
    assert one.spread < 0.03 and one.covered is None


def test_blocks_lie_one_after_the_other_and_fill_the_differences():
    starts = m.blocks()
    assert starts[0] == 0 and (np.diff(starts) > 0).all()
    assert starts[-1] + 3 == len(measured(astronaut()).skew)
    grids = m.grids()
    assert grids[0, 0] == starts[-6] and grids[-1, 1] == starts[-3]
    assert (grids[1:, 0] == grids[:-1, 1]).all()
    assert ((grids[:, 1] - grids[:, 0]) % grids[:, 2] == 0).all()


def test_the_inner_layers_are_zero_for_a_symmetric_face_and_odd_under_the_mirror():
    front = measured(astronaut()).face
    even = front.copy()
    even[:, SIZE // 2 :] = front[:, : SIZE // 2][:, ::-1]
    both = [even, front, np.ascontiguousarray(front[:, ::-1])]
    *_, deep, _ = m._mean_meshes(both, [m._FRONT] * 3, inside=True)
    assert np.abs(deep[1]).max() > 0.1
    assert np.corrcoef(deep[1], -deep[2])[0, 1] > 0.9
    assert (deep[0] ** 2).mean() < 0.5 * (deep[1] ** 2).mean()


def test_no_faces():
    assert m.measure([], []) == []
