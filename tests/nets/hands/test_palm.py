"""Palm detector: anchors, overlap, and known hands."""

import numpy as np
import pytest
from nets.hands.rendered import hand, wall

from iqmetrics.nets.hands import palm
from iqmetrics.nets.hands.region import crop
from iqmetrics.nets.hands.tiles import whole


def tile(pixels):
    return crop(pixels, whole(pixels), palm.SIZE).astype(np.float32) / 255


def test_anchors_are_the_2016_cell_centres():
    found = palm.anchors()
    assert found.shape == (2016, 2)
    assert found[0] == pytest.approx([0.5 / 24, 0.5 / 24])
    assert found[2] == pytest.approx([1.5 / 24, 0.5 / 24])
    assert found[1152] == pytest.approx([0.5 / 12, 0.5 / 12])
    assert len(np.unique(found[1152:], axis=0)) == 144


def test_overlap_of_known_boxes():
    box = np.array([0.0, 0, 2, 2])
    others = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])
    assert palm.overlap(box, others) == pytest.approx([1, 1 / 3, 0])


def test_one_palm_on_a_hand_and_none_on_a_wall():
    on_hand, on_wall = palm.detect(np.stack([tile(hand("five")), tile(wall(300, 300))]))
    assert len(on_hand) == 1 and on_wall == []
    best = on_hand[0]
    assert best.score > 0.8
    wrist, middle = best.points[0], best.points[2]
    assert wrist[1] > middle[1], "the wrist lies below the fingers"


def test_detection_does_not_depend_on_the_batch():
    tiles = np.stack([tile(hand(n)) for n in ("five", "six", "fist")])
    together = palm.detect(tiles)
    for one, found in zip(tiles, together, strict=True):
        alone = palm.detect(one[None])[0]
        assert [p.score for p in alone] == [p.score for p in found]


def test_no_tiles_no_palms():
    assert palm.detect(np.zeros((0, palm.SIZE, palm.SIZE, 3), np.float32)) == []


def test_faint_palms_come_too_and_move_no_other():
    """Two anchors of one cell, sure and faint, and a faint one elsewhere."""
    raw = np.zeros((3, 18), np.float32)
    raw[:, 2:4] = 40
    raw[1, :2] = 4
    logits = np.array([[2.0], [-0.5], [-0.5]], np.float32)
    none = np.array([], int), raw[:0], logits[:0]
    before, (sure, faint), after = palm._decode(
        [none, (np.array([0, 1, 700]), raw, logits), (np.array([9]), raw[:1], logits[:1])]
    )
    assert before == [] and len(after) == 1
    assert sure.score > 0.8 and palm.FAINT < faint.score < palm.MIN_SCORE
    assert sure.box.mean() == pytest.approx(palm.anchors()[0].mean(), abs=1e-6)
