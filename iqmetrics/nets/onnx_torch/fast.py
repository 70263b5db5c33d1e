"""Operators that a GPU does better otherwise: the same answers, channels last, in fewer passes.

A convolution of 1 x 1 is a matrix product; one of a kernel a channel, and a sum with a PReLU, are
one pass each (`kernels`). Everything else is done as in `operators`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from iqmetrics.nets.onnx_torch import kernels, operators
from iqmetrics.nets.onnx_torch.operators import Attributes, Values, pads


def _conv(v: Values, a: Attributes) -> Tensor:
    x, weight = v[0], v[1]
    bias = v[2] if len(v) > 2 else None
    strides, dilations = a.get("strides", (1, 1)), a.get("dilations", (1, 1))
    groups, around = a.get("group", 1), pads(x, a, weight.shape[2:])
    if groups == 1 and tuple(weight.shape[2:]) == (1, 1) and tuple(strides) == (1, 1):
        if not any(around):
            return _product(x, weight, bias)
    elif groups == len(weight) == x.shape[1] > 1:
        return kernels.depthwise(x, weight, bias, strides, around, dilations)
    return operators.OPERATORS["Conv"](v, a)  # type: ignore[no-any-return]


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 1 x 1 convolution."""
    n, channels, height, width = x.shape
    rows = x.permute(0, 2, 3, 1).reshape(-1, channels)
    by = weight.flatten(1).T
    found = rows @ by if bias is None else torch.addmm(bias, rows, by)
    return found.view(n, height, width, len(weight)).permute(0, 3, 1, 2)


def _sum_prelu(v: Values, a: Attributes) -> Tensor:
    x, y, slope = v
    if x.shape != y.shape or x.ndim != 4:
        return operators.OPERATORS["iqm.SumPRelu"](v, a)  # type: ignore[no-any-return]
    return kernels.sum_prelu(x, y, slope)


OPERATORS: dict[str, Callable[[Values, Attributes], Any]] = {
    **operators.OPERATORS,
    "Conv": _conv,
    "iqm.SumPRelu": _sum_prelu,
}
