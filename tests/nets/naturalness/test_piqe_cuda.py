"""The blocks of PIQE in torch against the compiled kernels."""

import naturalness_reference as reference
import numpy as np
import pytest
from naturalness_pictures import noise, picture

from iqmetrics.nets.naturalness import cpu, eager, piqe_cuda

torch = pytest.importorskip("torch")


def test_gray_is_the_cpu_s_to_the_last_level() -> None:
    pixels = np.stack([noise(64, 64, seed=k) for k in range(3)])
    pixels[1] //= 3
    found = piqe_cuda.stretched_gray(torch.from_numpy(pixels)).numpy()
    for k in range(3):
        assert np.array_equal(found[k], cpu.stretched_gray(picture(pixels[k])))
        assert found[k].max() == 255


@pytest.mark.parametrize("size", [(32, 48), (37, 50), (33, 47)])
def test_padding_is_mirrored_by_the_remainder(size: tuple[int, int]) -> None:
    image = reference.stretched_gray(noise(*size))
    found = piqe_cuda.padded(torch.from_numpy(image)[None])[0].numpy()
    assert np.array_equal(found, np.pad(image, [(0, s % 16) for s in size], "symmetric"))


def test_blocks_are_the_cpu_s() -> None:
    image = cpu.stretched_gray(picture(noise(64, 96)))
    field = eager.mscn(torch.from_numpy(image)[None], False)
    found = piqe_cuda.blocks(field)[0].numpy()
    expected = cpu.piqe_blocks(image)
    assert found == pytest.approx(expected, abs=1e-9)
    assert 0 < expected[..., 1].sum() < expected[..., 1].size
