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
