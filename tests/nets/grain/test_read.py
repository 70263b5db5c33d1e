import json

import numpy as np
import pytest

from iqmetrics.nets.grain.read import face_ratio, look, readable


def scene(sigma: float, side: int = 512, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    base = 128 + 50 * np.sin(6 * x + 2 * y)[..., None]
    return (
        np.clip(np.rint(base + rng.normal(0, sigma, (side, side, 1))), 0, 255)
        .astype(np.uint8)
        .repeat(3, 2)
    )


def test_small_images_are_not_readable():
    assert not readable(160, 900)
    assert readable(200, 200)


@pytest.mark.parametrize("sigma", [2, 4, 8])
def test_the_strength_of_even_noise_is_read_within_five_percent(sigma):
    found = look([scene(sigma)])
    assert found.strength[0] == pytest.approx(sigma, rel=0.05)
    assert found.uniformity[0] > 0.9
    assert found.chroma_corr[0] == pytest.approx(1, abs=0.02)


def test_arrays_belong_to_their_image_and_evidence_is_plain():
    found = look([scene(2), scene(8, seed=1)])
    assert found.strength[1] / found.strength[0] == pytest.approx(4, rel=0.1)
    assert found.deviation.shape == (2, found.grid.rows, found.grid.columns)
    evidence = found.evidence(0)
    assert len(evidence["grain_map"]) == found.grid.rows
    assert len(evidence["trust"][0]) == found.grid.columns
    assert evidence["tile"] == found.grid.side


def test_a_smooth_centre_lowers_centre_over_edge():
    plain, grainy = scene(0.01), scene(5)
    y, x = np.mgrid[-1:1:512j, -1:1:512j]
    inside = (np.hypot(y, x) < 0.7)[..., None]
    found = look([np.where(inside, plain, grainy), grainy])
    assert found.centre_edge[0] < 0.4
    assert found.centre_edge[1] == pytest.approx(1, abs=0.08)
    assert found.uniformity[0] < 0.5


def test_face_ratio_compares_tiles_in_boxes_with_the_rest():
    grain_map = np.zeros((6, 8))
    grain_map[1:3, 2:4] = np.log(0.25)
    evidence = {
        "tile": 42,
        "origin": [10, 20],
        "grain_map": grain_map.tolist(),
        "trust": np.ones((6, 8)).tolist(),
    }
    box = (10 + 2 * 42, 20 + 42, 10 + 4 * 42, 20 + 3 * 42)
    assert face_ratio(evidence, [box]) == pytest.approx(0.25)
    assert face_ratio(evidence, [(10, 20, 50, 60)]) is None
    assert face_ratio({**evidence, "trust": np.zeros((6, 8)).tolist()}, [box]) is None


def test_pictures_read_alone_or_together_in_any_order_say_the_same():
    pictures = [scene(2, 256), scene(6, 256, 1), scene(3, 256, 2)]
    together, back = look(pictures), look(pictures[::-1])
    for n, picture in enumerate(pictures):
        alone = look([picture])
        for name in ("uniformity", "strength", "size", "centre_edge", "chroma_corr", "covered"):
            value = getattr(alone, name)[0]
            assert getattr(together, name)[n] == pytest.approx(value, rel=1e-3, abs=1e-4), name
            assert getattr(back, name)[2 - n] == pytest.approx(value, rel=1e-3, abs=1e-4), name


def test_a_picture_on_its_side_has_the_same_grain():
    there = look([scene(5, 400)])
    turned = look([np.ascontiguousarray(scene(5, 400).transpose(1, 0, 2))])
    assert turned.strength[0] == pytest.approx(there.strength[0], rel=0.01)
    assert turned.uniformity[0] == pytest.approx(there.uniformity[0], abs=0.01)
    assert turned.deviation[0] == pytest.approx(there.deviation[0].T, abs=0.05)


def test_zones_hold_every_tile_once_and_the_grain_of_their_own_brightness():
    rng = np.random.default_rng(0)
    base = np.repeat([[25], [128], [230]], 200, 0)[..., None] + np.zeros((1, 600, 3))
    noisy = np.rint(base + rng.normal(0, 5, (600, 600, 1))).clip(0, 255).astype(np.uint8)
    found = look([noisy])
    assert found.zone_tiles[0].sum() == found.grid.rows * found.grid.columns
    assert (found.zone_tiles[0] > 0).all()
    assert (found.zone_trust[0] <= found.zone_tiles[0]).all()
    assert found.zones[0][1] == pytest.approx(5, rel=0.15)


def test_evidence_survives_json_and_names_the_grid():
    found = look([scene(4, 300)])
    evidence = json.loads(json.dumps(found.evidence(0)))
    assert evidence["origin"] == [found.grid.left, found.grid.top]
    assert np.array(evidence["grain_map"]) == pytest.approx(found.deviation[0], abs=0.0051)
    assert 0 <= np.min(evidence["trust"]) <= np.max(evidence["trust"]) <= 1


def test_faces_that_overlap_or_stand_outside_count_once_or_not():
    grain_map = np.zeros((6, 8))
    grain_map[1:3, 2:4] = np.log(2)
    evidence = {
        "tile": 10,
        "origin": [0, 0],
        "grain_map": grain_map.tolist(),
        "trust": np.ones((6, 8)).tolist(),
    }
    face = (20, 10, 40, 30)
    assert face_ratio(evidence, [face, face, (500, 500, 600, 600)]) == pytest.approx(2)
    assert face_ratio(evidence, [(0, 0, 80, 60)]) is None, "nothing is left to compare with"
    assert face_ratio(evidence, [(500, 500, 600, 600)]) is None
    assert face_ratio(evidence, []) is None


def test_untrusted_tiles_do_not_speak_for_a_face():
    grain_map, trust = np.zeros((6, 8)), np.ones((6, 8))
    grain_map[1, 2], grain_map[1, 3] = np.log(0.5), 5.0
    trust[1, 3] = 0
    evidence = {"tile": 10, "origin": [0, 0], "grain_map": grain_map, "trust": trust}
    assert face_ratio(evidence, [(20, 10, 40, 20)]) == pytest.approx(0.5)
