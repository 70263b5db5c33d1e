"""A sum and the layer norm of it, as transformers have them, in one pass over memory on a GPU."""

import torch.nn.functional as F
from torch import Tensor

from iqmetrics.nets import cuts


def add_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Adds `y` to `x` in place; the layer norm of that, in `y`'s kind of number.

    Args:
        x: (..., dim), contiguous, float32 or `y`'s kind.
        y: of the same shape.
        weight: (dim), of the norm.
        bias: (dim), of the norm.
        eps: of the norm.
    """
    if x.is_cuda and cuts.possible(str(x.device)):
        from iqmetrics.nets import add_norm_triton

        return add_norm_triton.add_norm(x, y, weight, bias, eps)
    x += y.to(x.dtype)
    normal = F.layer_norm(x.float(), x.shape[-1:], weight.float(), bias.float(), eps)
    return normal.to(y.dtype)
