"""Operators that a GPU does better otherwise: the same answers, channels last, in fewer passes.

Convolutions of 1 x 1, of one channel each and of a picture's few channels are kernels of Triton,
activations and sums included; everything else is done as in `operators`.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor

from iqmetrics.nets.onnx_torch import operators
from iqmetrics.nets.onnx_torch.block_kernel import Before, block
from iqmetrics.nets.onnx_torch.depthwise_kernel import Steps, depthwise
from iqmetrics.nets.onnx_torch.first_kernel import first
from iqmetrics.nets.onnx_torch.kernels import MOST
from iqmetrics.nets.onnx_torch.operators import Attributes, Values, pads


def _conv(v: Values, a: Attributes) -> Tensor:
    x, weight = v[0], v[1]
    bias = v[2] if len(v) > 2 else None
    if a.get("group", 1) == len(weight) == x.shape[1] > 1 and x.numel() < MOST:
        return depthwise(x, weight, bias, _steps(x, weight, a))
    return operators.OPERATORS["Conv"](v, a)  # type: ignore[no-any-return]


def _block(v: Values, a: Attributes) -> Tensor:
    x, taps, taps_bias, weight, bias, more, slope = v
    if len(x) * max(x.shape[1], len(weight)) * x.shape[2] * x.shape[3] >= MOST:
        return operators.OPERATORS["iqm.Block"](v, a)  # type: ignore[no-any-return]
    before = None
    size = tuple(x.shape[2:])
    if taps is not None:
        before = Before(taps, taps_bias, _steps(x, taps, a["taps"]), a["middle"])
        size = before.steps.size(size, taps.shape[2:])
    pooled, narrow = a.get("pooled", False), a.get("narrow", False)
    if more is None or pooled or narrow or more.shape == (len(x), len(weight), *size):
        return block(x, weight, bias, more, a["last"], slope, pooled, before)
    found = block(x, weight, bias, before=before) + more
    return operators.ACTS[a["last"]](found, slope)


def _first(v: Values, a: Attributes) -> Tensor:
    x, weight, bias, slope = v
    steps = _steps(x, weight, a)
    made = len(x) * len(weight) * prod(steps.size(x.shape[2:], weight.shape[2:]))
    if max(x.numel(), made) >= MOST:
        return operators.OPERATORS["iqm.First"](v, a)  # type: ignore[no-any-return]
    return first(x, weight, bias, steps, a["last"], slope)


def _steps(x: Tensor, weight: Tensor, a: Attributes) -> Steps:
    around = pads(x, a, weight.shape[2:])
    return Steps(a.get("strides", (1, 1)), around, a.get("dilations", (1, 1)))


OPERATORS: dict[str, Callable[[Values, Attributes], Any]] = {
    **operators.OPERATORS,
    "Conv": _conv,
    "iqm.Block": _block,
    "iqm.First": _first,
}


def trials(device: torch.device) -> Iterator[tuple[str, Values, Attributes]]:
    """Small cases of what is done otherwise here: operator, inputs, attributes."""
    made = torch.Generator().manual_seed(0)

    def of(*shape: int) -> Tensor:
        return torch.randn(shape, generator=made).to(device)

    for k, step in ((3, 1), (5, 2)):
        at = {"group": 24, "strides": (step, step), "pads": (k // 2,) * 4}
        x, taps = of(2, 24, 7, 9), of(24, 1, k, k)
        yield "Conv", (x, taps, of(24)), at
        widening = (of(40, 24, 1, 1), of(40), None, of(40))
        yield (
            "iqm.Block",
            (x, taps, of(24), *widening),
            {"middle": "Relu", "last": "PRelu", "taps": at},
        )
    for last in ("Relu6", "Gelu", ""):
        rest = (of(9, 40, 1, 1), None, of(3, 9, 5, 4), None)
        yield "iqm.Block", (of(3, 40, 5, 4), None, None, *rest), {"last": last, "middle": ""}
    wide, taps = of(1, 16, 48, 49), of(16, 1, 3, 3)
    narrowing = of(16), of(8, 16, 1, 1), of(8), of(1, 6, 97, 99), None
    around = {"group": 16, "pads": (1, 1, 1, 1)}
    pooled = {"middle": "", "last": "Relu", "taps": around, "pooled": True, "narrow": True}
    yield "iqm.Block", (wide, taps, *narrowing), pooled
    picture = of(2, 3, 9, 11), of(24, 3, 5, 5), of(24), of(24)
    yield "iqm.First", picture, {"strides": (2, 2), "pads": (1, 1, 2, 2), "last": "PRelu"}


def tried(device: torch.device) -> bool:
    """Whether these operators answer as torch's on the device."""
    with torch.backends.cudnn.flags(allow_tf32=False):
        return all(
            torch.allclose(OPERATORS[kind](v, a), operators.OPERATORS[kind](v, a), 1e-3, 1e-3)
            for kind, v, a in trials(device)
        )
