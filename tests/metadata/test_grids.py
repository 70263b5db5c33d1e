import numpy as np
import pytest

from iqmetrics.metadata.grids import looks_like_grid, split_pixels, split_record, tile_of
from iqmetrics.records import ImageRecord

RECORD = ImageRecord("m/1.webp", "/x/m/1.webp", model="m", prompt_id="p", pick=2)


def scene(seed: int, side: int = 256) -> np.ndarray:
    """A smooth random scene with some noise, as a picture has it: uint8 side x side x 3."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    waves = [
        random.uniform(-60, 60)
        * np.sin(random.uniform(1, 6) * x + random.uniform(1, 6) * y + random.uniform(0, 6))
        for _ in range(6)
    ]
    image = (
        random.uniform(60, 190, 3) + sum(waves)[..., None] + random.normal(0, 2, (side, side, 3))
    )
    return np.clip(image, 0, 255).astype(np.uint8)


def grid_of(tiles: list[np.ndarray]) -> np.ndarray:
    return np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])


def test_grids_are_found_and_single_pictures_are_not() -> None:
    grids = [
        looks_like_grid(grid_of([scene(10 * n + k, 128) for k in range(4)])) for n in range(20)
    ]
    singles = [looks_like_grid(scene(1000 + n)) for n in range(50)]
    assert sum(grids) >= 18
    assert sum(singles) == 0


def test_a_diptych_and_a_flat_picture_are_no_grids() -> None:
    assert not looks_like_grid(np.hstack([scene(1), scene(2)]))
    assert not looks_like_grid(np.full((128, 128, 3), 127, np.uint8))
    assert not looks_like_grid(scene(1)[:255])
    assert not looks_like_grid(scene(1)[:32, :32])


def test_split_is_the_inverse_of_the_montage() -> None:
    tiles = [scene(n, 64) for n in range(4)]
    for tile, found in zip(tiles, split_pixels(grid_of(tiles)), strict=True):
        assert np.array_equal(tile, found)


def test_split_of_an_odd_size_cuts_the_rest_off() -> None:
    assert [part.shape for part in split_pixels(np.zeros((65, 67, 3), np.uint8))] == [
        (32, 33, 3)
    ] * 4
    with pytest.raises(ValueError, match="too small"):
        split_pixels(np.zeros((1, 4, 3), np.uint8))


def test_parts_are_records_with_picks_of_their_own() -> None:
    parts = split_record(RECORD)
    assert [part.image for part in parts] == [f"m/1.webp#{n}" for n in (1, 2, 3, 4)]
    assert [part.pick for part in parts] == [5, 6, 7, 8]
    assert [tile_of(part) for part in parts] == [
        (0, 0, 2, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 2),
        (1, 1, 2, 2),
    ]
    assert {part.path for part in parts} == {RECORD.path}
    assert tile_of(RECORD) is None
