"""The normalisations of MUSIQ in plain torch, for any device: what `musiq_triton` does in one pass.

Patches lie channels last, (patches, rows, columns, channels), contiguous; sums are in float32 and
answers in the kind of number that came.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

GROUPS = 32


def norm_pool(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Group norm, ReLU and 3 x 3 maxima at every second place, zero beyond right and below."""
    normal = torch.relu(_normal(x, weight, bias, eps)).permute(0, 3, 1, 2)
    pooled = F.max_pool2d(F.pad(normal, (0, 1, 0, 1)), 3, 2)
    return pooled.permute(0, 2, 3, 1).to(x.dtype).contiguous()


def norm_relu(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Group norm and ReLU."""
    return torch.relu(_normal(x, weight, bias, eps)).to(x.dtype)


def norm_sum(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    y: Tensor,
    weight_y: Tensor,
    bias_y: Tensor,
    eps: float,
) -> Tensor:
    """ReLU of the sum of two group norms."""
    both = _normal(x, weight, bias, eps) + _normal(y, weight_y, bias_y, eps)
    return torch.relu(both).to(x.dtype)


def add_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Adds `y` to `x` (float32, rows x dim) in place; the layer norm of that, in `y`'s kind."""
    x += y.float()
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps).to(y.dtype)


def _normal(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    planes = x.float().permute(0, 3, 1, 2)
    return F.group_norm(planes, GROUPS, weight, bias, eps).permute(0, 2, 3, 1)
