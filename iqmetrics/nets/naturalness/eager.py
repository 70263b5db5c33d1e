"""The kernels in plain torch, for any device: what the GPU runs where Triton is not installed.

Batches of one size: images are N x H x W, float64 on the scale 0..255.
"""

from typing import TYPE_CHECKING

from iqmetrics.nets.naturalness import kernels as k

if TYPE_CHECKING:
    from torch import Tensor

SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Neighbours left, above, above left, above right."""


def gray(rgb: "Tensor") -> "Tensor":
    """Rounded luma of N x H x W x 3 uint8, as MATLAB's rgb2gray."""
    red, green, blue = rgb.double().unbind(-1)
    return (red * k.MATLAB_R + green * k.MATLAB_G + blue * k.MATLAB_B + 0.5).floor()


def mscn(image: "Tensor", zero: bool) -> "Tensor":
    """MSCN coefficients; outside the image stands zero, else the nearest pixel."""
    import torch

    image = image.double()
    height, width = image.shape[1:]
    if zero:
        padded = torch.nn.functional.pad(image, (3, 3, 3, 3))
    else:
        rows = torch.arange(-3, height + 3, device=image.device).clamp(0, height - 1)
        columns = torch.arange(-3, width + 3, device=image.device).clamp(0, width - 1)
        padded = image[:, rows][:, :, columns]
    mean = _smooth(padded)
    energy = _smooth(padded * padded)
    value = (image - mean) / ((energy - mean * mean).abs().sqrt() + 1.0)
    return torch.where(value.abs() >= k.RESIDUE, value, 0.0)


def _smooth(padded: "Tensor") -> "Tensor":
    height, width = padded.shape[1] - 6, padded.shape[2] - 6
    taps = (k.W3, k.W2, k.W1, k.W0, k.W1, k.W2, k.W3)
    down = taps[0] * padded[:, :height]
    for i in range(1, 7):
        down = down + taps[i] * padded[:, i : i + height]
    across = taps[0] * down[:, :, :width]
    for i in range(1, 7):
        across = across + taps[i] * down[:, :, i : i + width]
    return across


def half_size(image: "Tensor") -> "Tensor":
    """Antialiased bicubic halving, mirrored at the borders."""
    import torch

    image = image.double()
    taps = (k.H3, k.H2, k.H1, k.H0, k.H0, k.H1, k.H2, k.H3)
    for axis in (1, 2):
        length = image.shape[axis]
        at = torch.arange(-3, length + 5, device=image.device) % (2 * length)
        at = torch.where(at >= length, 2 * length - 1 - at, at)
        image = image.index_select(axis, at)
        half = (length + 1) // 2
        evens = torch.arange(0, 2 * half, 2, device=image.device)
        pieces = [image.index_select(axis, evens + i) for i in range(8)]
        image = torch.stack([w * p for w, p in zip(taps, pieces, strict=True)]).sum(0)
    return image


def pair_sums(field: "Tensor", block: tuple[int, int]) -> "Tensor":
    """Sums a block as `kernels.pair_sums`: N x rows x columns x 5 maps x 5 sums."""
    import torch

    rows, columns = field.shape[1] // block[0], field.shape[2] // block[1]
    cut = field[:, : rows * block[0], : columns * block[1]]
    blocks = cut.reshape(len(field), rows, block[0], columns, block[1])
    sums = []
    for shift in (None, *SHIFTS):
        v = blocks if shift is None else blocks * torch.roll(blocks, shift, (2, 4))
        left, right = v.clamp(max=0), v.clamp(min=0)
        parts = ((v < 0).double(), left * left, (v > 0).double(), right * right, v.abs())
        sums.append(torch.stack([p.sum((2, 4)) for p in parts], -1))
    return torch.stack(sums, -2)
