"""Compiled kernels: same numbers as uncompiled, kept on disk, order kept over threads."""

import os
import subprocess
import sys
from pathlib import Path

import naturalness_reference as reference
import numpy as np
import pytest
from naturalness_pictures import noise, picture

from iqmetrics.images import Picture
from iqmetrics.nets.naturalness import cpu, kernels, piqe_kernels

RUN = """
import numpy as np
from iqmetrics.nets.naturalness import cpu, kernels
cpu.half_size(np.zeros((16, 16), np.uint8))
stats = cpu.compiled(kernels.half_size).stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def test_gray_is_made_once_a_picture() -> None:
    p = picture(noise(40, 50))
    assert cpu.gray(p) is cpu.gray(p)
    assert np.array_equal(cpu.gray(p), reference.gray(p.pixels))


def test_gray_takes_pixels_that_are_not_contiguous() -> None:
    wide = noise(40, 100)
    p = Picture(picture(wide).record, wide[:, ::2])
    assert np.array_equal(cpu.gray(p), reference.gray(wide[:, ::2]))
    assert np.array_equal(cpu.stretched_gray(p), reference.stretched_gray(wide[:, ::2]))


@pytest.mark.parametrize("size", [(96, 130), (97, 99)])
def test_compiled_halving_and_sums_are_the_uncompiled_ones(size: tuple[int, int]) -> None:
    image = reference.gray(noise(*size)).astype(np.uint8)
    assert cpu.half_size(image) == pytest.approx(reference.half(image.astype(float)), abs=1e-12)
    for block, zero in (((32, 32), False), (size, True)):
        shape = (size[0] // block[0], size[1] // block[1], 5, 5)
        slow = np.zeros(shape)
        kernels.pair_sums(image, *block, zero, slow)
        assert cpu.pair_sums(image, block, zero) == pytest.approx(slow, rel=1e-9, abs=1e-8)


def test_compiled_piqe_blocks_are_the_uncompiled_ones() -> None:
    image = reference.stretched_gray(noise(48, 64)).astype(np.uint8)
    slow = np.empty((3, 4, 3))
    piqe_kernels.piqe_blocks(image, slow)
    assert cpu.piqe_blocks(image) == pytest.approx(slow, rel=1e-9, abs=1e-9)


def test_machine_code_is_kept_for_the_next_process(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", RUN], env=environment, check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert runs == [["0", "1"], ["1", "0"]]
