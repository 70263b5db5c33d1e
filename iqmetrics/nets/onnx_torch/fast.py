"""Operators that a GPU does better otherwise: the same answers, channels last, in fewer passes.

Convolutions of 1 x 1 and of one channel each are kernels of Triton, activations and sums included;
everything else is done as in `operators`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from iqmetrics.nets.onnx_torch import kernels, operators, point_kernel
from iqmetrics.nets.onnx_torch.operators import Attributes, Values, pads


def _conv(v: Values, a: Attributes) -> Tensor:
    x, weight = v[0], v[1]
    bias = v[2] if len(v) > 2 else None
    if a.get("group", 1) == len(weight) == x.shape[1] > 1:
        return kernels.depthwise(x, weight, bias, *_placed(x, weight, a))
    return operators.OPERATORS["Conv"](v, a)  # type: ignore[no-any-return]


def _block(v: Values, a: Attributes) -> Tensor:
    x, taps, taps_bias, weight, bias, more, slope = v
    if taps is not None:
        x = kernels.depthwise(x, taps, taps_bias, *_placed(x, taps, a["taps"]), a["middle"])
    if more is None or more.shape == (len(x), len(weight), *x.shape[2:]):
        return point_kernel.point(x, weight, bias, more, a["last"], slope)
    found = point_kernel.point(x, weight, bias) + more
    return operators.ACTS[a["last"]](found, slope)


def _placed(x: Tensor, weight: Tensor, a: Attributes) -> tuple[Any, Any, Any]:
    """Steps, zeros around, and distances of a kernel."""
    around = pads(x, a, weight.shape[2:])
    return a.get("strides", (1, 1)), around, a.get("dilations", (1, 1))


OPERATORS: dict[str, Callable[[Values, Attributes], Any]] = {
    **operators.OPERATORS,
    "Conv": _conv,
    "iqm.Block": _block,
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


def tried(device: torch.device) -> bool:
    """Whether these operators answer as torch's on the device."""
    with torch.backends.cudnn.flags(allow_tf32=False):
        return all(
            torch.allclose(OPERATORS[kind](v, a), operators.OPERATORS[kind](v, a), 1e-3, 1e-3)
            for kind, v, a in trials(device)
        )
