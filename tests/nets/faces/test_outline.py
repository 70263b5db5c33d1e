import numpy as np
import pytest

from iqmetrics.nets.faces import outline
from iqmetrics.nets.faces.canonical import EYES, SIZE, TOP


def head(left=0.0, background=40):
    """A bright disc-like head on the frontal face, its left half wider by `left` eye distances."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    x, y = (x - SIZE / 2) / EYES, (y - TOP) / EYES - 0.55
    wide = np.where(x < 0, 1.05 + left, 1.05)
    face = np.full((SIZE, SIZE, 3), background, np.uint8)
    face[(x / wide) ** 2 + (y / 1.15) ** 2 < 1] = (210, 170, 150)
    return face


def centres(front):
    return outline.outline_difference(front).reshape(16, 22)[:, -1]


def test_a_symmetric_head_gives_zeros():
    np.testing.assert_allclose(outline.outline_difference(head()), 0, atol=1e-6)


def test_a_wider_left_cheek_moves_its_edge_outwards_by_its_share():
    moved = centres(head(left=0.1))[:6] / 4
    assert moved.mean() == pytest.approx(0.1 / 1.05, rel=0.4)


def test_the_mirror_image_changes_the_sign():
    one, two = centres(head(0.1)), centres(head(0.1)[:, ::-1])
    np.testing.assert_allclose(one, -two, atol=1e-3)


def test_a_dark_head_before_a_light_wall_reads_the_same():
    bright, dark = centres(head(0.1)), centres(255 - head(0.1))
    np.testing.assert_allclose(bright, dark, atol=0.15)
