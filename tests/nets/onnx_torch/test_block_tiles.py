"""What a program makes: always powers of two, and never more than its registers hold."""

import pytest

from iqmetrics.nets.onnx_torch.block_tiles import (
    block_tile,
    depthwise_tile,
    point_tile,
    power_from,
)

CHANNELS = (4, 8, 16, 24, 32, 49, 64, 144, 256, 768)


def whole(tile):
    counts = (tile.places, tile.lines, tile.cross, tile.block, tile.warps)
    return all(count == power_from(count) for count in counts)


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("channels", CHANNELS)
def test_programs_are_whole_and_small_enough(channels, size):
    for rows in (1, 2, 3, 6, 96):
        for step, wide in ((1, 3), (2, 5), (1, 7)):
            tile = depthwise_tile(channels, rows, step, wide, size)
            assert whole(tile) and tile.lines <= power_from(rows)
            values = tile.places * tile.block * tile.lines * tile.cross
            assert values // (32 * tile.warps) <= 64
    for outs in CHANNELS:
        for pixels in (4, 36, 48 * 48, 112 * 112):
            tile = point_tile(channels, outs, pixels, size)
            assert whole(tile) and tile.block >= 16
            made = block_tile(channels, outs, pixels, (1, 1), (3, 3), size)
            if made:
                assert whole(made) and made.lines * made.cross in (4, 8)
                assert made.beside >= outs and pixels >= 48 * 48


def test_small_maps_are_made_in_two_passes_by_smaller_programs():
    assert block_tile(16, 16, 47 * 48, (1, 1), (3, 3), 4) is None
    assert block_tile(16, 16, 48 * 48, (1, 1), (3, 3), 4) is not None
    assert point_tile(128, 128, 16, 4).places < point_tile(128, 128, 256, 4).places


def test_powers():
    assert [power_from(n) for n in (1, 2, 3, 8, 9, 144)] == [1, 2, 4, 8, 16, 256]
