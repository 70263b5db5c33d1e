import numpy as np
from nets.faces.people import astronaut, frontal, picture

from iqmetrics.nets.faces import canonical
from iqmetrics.nets.faces.canonical import EYES, SIZE, TOP, inside, with_ring
from iqmetrics.nets.faces.crop import Square
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.pose import take_apart
from iqmetrics.nets.faces.shape import OVAL, template


def template_in_pixels(scale=1.0, shift=(0.0, 0.0)):
    flat = template() * EYES * scale + [SIZE / 2 + shift[0], TOP + shift[1]]
    return np.column_stack([flat, np.zeros(468)])


def test_a_face_that_already_is_the_template_stays_as_it_is():
    smooth = np.zeros((SIZE, SIZE, 3), np.uint8)
    y, x = np.mgrid[:SIZE, :SIZE]
    smooth[..., 0], smooth[..., 1] = x, y
    square = Square(SIZE / 2, SIZE / 2, SIZE / canonical.WIDE)
    out = frontal(smooth, template_in_pixels(), square)
    assert np.abs(out.astype(int) - smooth)[inside()].max() <= 2


def test_scale_is_taken_out():
    y, x = np.mgrid[:400, :400]
    scene = np.stack([x / 2, y / 2, x * 0], -1).astype(np.uint8)
    out = frontal(scene, template_in_pixels(1.6, (60, 40)), Square(160, 150, 300))
    mask = inside()
    slope = np.polyfit(np.nonzero(mask)[1], out[..., 0][mask].astype(float), 1)[0]
    assert abs(slope - 0.8) < 0.03


def test_the_eyes_of_a_photo_lie_where_the_template_has_them():
    (face,) = faces_of([picture(astronaut())])[0]
    front = frontal(astronaut(), take_apart(face.mesh).symmetric, face.square)
    grey = front.mean(-1)

    def at(x, y):
        return grey[int(TOP + y * EYES) - 4 :, int(SIZE / 2 + x * EYES) - 4 :][:8, :8].mean()

    assert max(at(-0.5, 0), at(0.5, 0)) < 0.75 * at(-0.45, 0.55)


def test_the_mask_is_symmetric_and_covers_the_mesh():
    mask = inside()
    assert (mask == mask[:, ::-1]).all()
    assert 0.3 < mask.mean() < 0.9
    x, y = (template() * EYES + [SIZE / 2, TOP]).astype(int).T
    ok = (y >= 0) & (y < SIZE)
    assert mask[y[ok], x[ok]].mean() > 0.97


def test_the_ring_lies_around_the_outline():
    points = with_ring(template())
    assert points.shape == (468 + len(OVAL), 2)
    assert np.ptp(points[:, 0]) > 1.25 * np.ptp(template()[:, 0])


def test_pixels_that_show_no_face_cost_nothing():
    corners, weights = canonical._weights()
    shown = weights.sum(1) > 0
    places = canonical._places()
    assert canonical._weights()[0] is corners and len(corners) == SIZE * SIZE
    assert 0 < places.nnz <= 3 * shown.sum() < corners.size
    points = np.random.default_rng(0).random((504, 2))
    wanted = (points[corners] * weights[..., None]).sum(1)
    np.testing.assert_allclose(places @ points, wanted, atol=1e-12)
