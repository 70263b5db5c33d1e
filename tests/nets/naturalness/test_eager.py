"""The torch kernels against the compiled ones."""

import numpy as np
import pytest
from naturalness_pictures import noise, picture

from iqmetrics.nets.naturalness import cpu, eager

torch = pytest.importorskip("torch")

SIZES = [(96, 96), (97, 131)]


@pytest.mark.parametrize("size", SIZES)
def test_gray_and_half_are_exactly_those_of_the_cpu(size: tuple[int, int]) -> None:
    pixels = np.stack([noise(*size, seed=k) for k in range(2)])
    gray = eager.gray(torch.from_numpy(pixels))
    half = eager.half_size(gray)
    for k in range(2):
        expected = cpu.gray(picture(pixels[k]))
        assert np.array_equal(gray[k].numpy(), expected)
        assert half[k].numpy() == pytest.approx(cpu.half_size(expected), abs=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("zero", [False, True])
def test_sums_are_those_of_the_cpu(size: tuple[int, int], zero: bool) -> None:
    image = cpu.gray(picture(noise(*size)))
    field = eager.mscn(torch.from_numpy(image)[None], zero)
    for block in ((32, 48), size):
        found = eager.pair_sums(field, block)[0].numpy()
        expected = cpu.pair_sums(image, block, zero)
        assert found.shape == expected.shape
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-8)


def test_a_flat_area_is_exactly_zero() -> None:
    assert (eager.mscn(torch.full((1, 20, 20), 77.0, dtype=torch.float64), False) == 0).all()
