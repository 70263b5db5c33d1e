from pathlib import Path

import numpy as np
import pytest
from nets.faces.people import astronaut, sized

from iqmetrics.nets.faces import detect
from iqmetrics.nets.faces.detect import Found, _anchors, _merge, _overlap, _starts, _whole, _Window


def found(x0, y0, x1, y1, score=0.9):
    return Found((x0, y0, x1, y1), np.zeros((6, 2)), score)


def test_anchors_are_those_of_the_nets():
    assert _anchors("face_short").shape == (896, 2)
    assert _anchors("face_full").shape == (2304, 2)
    assert _anchors("face_short")[0].tolist() == [0.5 / 16, 0.5 / 16]


def test_tiles_overlap_by_half_and_reach_both_ends():
    assert _starts(1024, 512) == [0, 256, 512]
    assert _starts(500, 512) == [0]
    starts = _starts(1111, 512)
    assert starts[0] == 0 and starts[-1] == 1111 - 512
    assert max(np.diff(starts)) <= 256


def test_overlap_by_hand():
    assert _overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert _overlap((0, 0, 10, 10), (5, 0, 15, 10), smaller=True) == pytest.approx(0.5)
    assert _overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0


def test_merging_averages_by_score_and_keeps_the_best_score():
    one = _merge([found(0, 0, 10, 10, 0.9), found(1, 0, 11, 10, 0.6), found(50, 0, 60, 10, 0.7)])
    assert [f.score for f in one] == [0.9, 0.7]
    assert one[0].box == pytest.approx((0.4, 0, 10.4, 10))


def test_a_box_inside_a_larger_one_is_the_same_face():
    assert len(_merge([found(0, 0, 40, 40), found(10, 10, 22, 22, 0.6)])) == 1


def test_a_box_cut_by_a_tile_edge_is_left_to_another_tile():
    tile = _Window(0, 100, 100, 512, True)
    assert not _whole(found(90, 200, 150, 260), tile, (1000, 1000, 3))
    assert _whole(found(120, 200, 180, 260), tile, (1000, 1000, 3))
    assert _whole(found(-5, 200, 60, 260), _Window(0, 0, 100, 512, True), (1000, 1000, 3))


def test_one_face_where_it_is():
    (face,) = detect.detect([astronaut()])[0]
    assert face.score > 0.9
    middle = ((face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2)
    assert middle == pytest.approx((225, 125), abs=12)
    left_eye, right_eye, nose = face.points[:3]
    assert left_eye[0] < nose[0] < right_eye[0] and left_eye[1] < nose[1]


@pytest.mark.parametrize("side", [24, 32, 48])
def test_small_faces_in_large_pictures(side):
    scene = np.full((900, 900, 3), 120, np.uint8)
    small = sized(astronaut(), round(512 * side / 95))
    scene[400 : 400 + len(small), 500 : 500 + len(small)] = small
    faces = detect.detect([scene])[0]
    assert len(faces) == 1
    assert faces[0].box[2] - faces[0].box[0] == pytest.approx(side, rel=0.35)
    assert np.mean(faces[0].box[::2]) == pytest.approx(500 + len(small) * 225 / 512, abs=side / 4)


def test_a_batch_answers_as_each_alone():
    pictures = [astronaut(), np.zeros((50, 700, 3), np.uint8), sized(astronaut(), 800)]
    together = detect.detect(pictures)
    for one, picture in zip(together, pictures, strict=True):
        (alone,) = detect.detect([picture])
        boxes, same = (np.array([f.box for f in some]) for some in (one, alone))
        np.testing.assert_allclose(boxes, same, atol=1e-3)
    assert together[1] == []


def test_no_pictures():
    assert detect.detect([]) == []


def test_a_group_photo_needs_tiles():
    package = pytest.importorskip("insightface")
    image = pytest.importorskip("PIL.Image")
    path = Path(package.__file__).parent / "data" / "images" / "t1.jpg"
    group = np.array(image.open(path).convert("RGB"))
    assert len(detect.detect([group])[0]) == 6
    assert len(detect.detect([group], tiles=False)[0]) < 6
