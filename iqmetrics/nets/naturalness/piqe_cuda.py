"""The blocks of PIQE in torch, for batches on any device: the same numbers as `piqe_kernels`."""

from typing import TYPE_CHECKING, Any

from iqmetrics.nets.naturalness import piqe_kernels as k

if TYPE_CHECKING:
    from torch import Tensor


def stretched_gray(rgb: "Tensor") -> "Tensor":
    """Luma (Y of YIQ, float32) of N x H x W x 3 uint8, the brightest pixel of each at 255."""
    full = rgb.new_full((), 255).float()  # a tensor: by a number, CUDA would multiply by 1/255
    r, g, b = (rgb.float() / full).unbind(-1)
    y = (r * float(k.RED) + g * float(k.GREEN)) + b * float(k.BLUE)
    return (255.0 * (y / y.amax((1, 2), keepdim=True))).round()


def padded(image: "Tensor") -> "Tensor":
    """N x H x W grown right and below by H mod 16 and W mod 16, mirrored, as PIQE does."""
    import torch

    for axis in (1, 2):
        length = image.shape[axis]
        if extra := length % k.BLOCK:
            last = image.narrow(axis, length - extra, extra).flip(axis)
            image = torch.cat([image, last], axis)
    return image


def blocks(field: "Tensor") -> "Tensor":
    """Variance, noisy and impaired of each block of N x H x W MSCN: N x rows x columns x 3."""
    import torch

    rows, columns = field.shape[1] // k.BLOCK, field.shape[2] // k.BLOCK
    cut = field[:, : rows * k.BLOCK, : columns * k.BLOCK]
    cut = cut.reshape(len(field), rows, k.BLOCK, columns, k.BLOCK).transpose(2, 3)
    variance = cut.flatten(3).var(-1)
    around = [column for column in range(k.BLOCK) if column not in (7, 9)]
    middle = cut[..., 7:9].flatten(3).std(-1)
    outer = cut[..., around].flatten(3).std(-1)
    sigma, ratio = variance.sqrt(), middle / outer
    noisy = sigma > 2 * ((sigma - ratio).abs() / torch.maximum(sigma, ratio))
    impaired: Any = torch.zeros_like(noisy)
    for edge in (cut[..., 0, :], cut[..., -1, :], cut[..., :, 0], cut[..., :, -1]):
        pieces = edge.unfold(-1, k.SEGMENT, 1).std(-1)
        impaired = impaired | (pieces < k.IMPAIRED).any(-1)
    return torch.stack([variance, noisy.double(), impaired.double()], -1)
