"""ONNX operators in torch, as far as the nets of this project use them.

Each takes the values of its inputs (a tensor, a number, a numpy array of main memory, or None where
one is left out) and the attributes; what it does not know it refuses, so that no net can run wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from iqmetrics.nets.onnx_torch.shapes import reshaped

Values = Sequence[Any]
Attributes = Mapping[str, Any]


def _only(condition: bool, kind: str, a: Attributes) -> None:
    if not condition:
        raise NotImplementedError(f"{kind} with {dict(a)}")


def pads(x: Tensor, a: Attributes, kernel: Sequence[int]) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) that a convolution or pooling adds around its input."""
    auto = a.get("auto_pad", b"NOTSET")
    if auto in (b"NOTSET", b"VALID"):
        top, left, bottom, right = a.get("pads", (0, 0, 0, 0)) if auto == b"NOTSET" else (0,) * 4
        return top, left, bottom, right
    _only(auto == b"SAME_UPPER", "padding", a)
    strides, dilations = a.get("strides", (1, 1)), a.get("dilations", (1, 1))
    low, high = [], []
    for size, k, step, apart in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        need = max((-(-size // step) - 1) * step + (k - 1) * apart + 1 - size, 0)
        low.append(need // 2)
        high.append(need - need // 2)
    return low[0], low[1], high[0], high[1]


def _conv(v: Values, a: Attributes) -> Tensor:
    x, weight = v[0], v[1]
    top, left, bottom, right = pads(x, a, weight.shape[2:])
    around = (top, left)
    if (top, left) != (bottom, right):
        x, around = functional.pad(x, (left, right, top, bottom)), (0, 0)
    bias = v[2] if len(v) > 2 else None
    strides, dilations = a.get("strides", (1, 1)), a.get("dilations", (1, 1))
    return functional.conv2d(x, weight, bias, strides, around, dilations, a.get("group", 1))


def _block(v: Values, a: Attributes) -> Tensor:
    """See `blocks`."""
    x, taps, taps_bias, weight, bias, more, slope = v
    if taps is not None:
        x = ACTS[a["middle"]](_conv((x, taps, taps_bias), a["taps"]), None)
    x = functional.conv2d(x, weight, bias)
    more = added(more, a, len(weight))
    return ACTS[a["last"]](x if more is None else x + more, slope)


def _first(v: Values, a: Attributes) -> Tensor:
    """See `firsts`."""
    x, weight, bias, slope = v
    return ACTS[a["last"]](_conv((x, weight, bias), a), slope)


def added(more: Tensor | None, a: Attributes, channels: int) -> Tensor | None:
    """What a block adds, whole."""
    if more is not None and a.get("pooled"):
        more = functional.max_pool2d(more, 2)
    if more is not None and a.get("narrow"):
        more = functional.pad(more, (0, 0, 0, 0, 0, channels - more.shape[1]))
    return more


ACTS: dict[str, Callable[[Tensor, Tensor | None], Tensor]] = {
    "": lambda x, slope: x,
    "Relu": lambda x, slope: torch.relu(x),
    "Relu6": lambda x, slope: x.clamp(0, 6),
    "PRelu": lambda x, slope: functional.prelu(x, slope),  # type: ignore[arg-type]
    "Gelu": lambda x, slope: functional.gelu(x),
}


def _conv_transpose(v: Values, a: Attributes) -> Tensor:
    other = any(a.get("pads", ())) or a.get("output_shape") or any(a.get("output_padding", ()))
    _only(not other and a.get("auto_pad", b"NOTSET") == b"NOTSET", "ConvTranspose", a)
    bias = v[2] if len(v) > 2 else None
    return functional.conv_transpose2d(
        v[0], v[1], bias, a["strides"], groups=a.get("group", 1), dilation=a["dilations"]
    )


def _max_pool(v: Values, a: Attributes) -> Tensor:
    whole = all(apart == 1 for apart in a.get("dilations", ()))
    _only(whole and not a.get("ceil_mode"), "MaxPool", a)
    top, left, bottom, right = pads(v[0], a, a["kernel_shape"])
    x = v[0]
    if top or left or bottom or right:
        x = functional.pad(x, (left, right, top, bottom), value=float("-inf"))
    return functional.max_pool2d(x, a["kernel_shape"], a["strides"])


def _average_pool(v: Values, a: Attributes) -> Tensor:
    whole = all(apart == 1 for apart in a.get("dilations", ())) and not a.get("ceil_mode")
    _only(whole and not any(pads(v[0], a, a["kernel_shape"])), "AveragePool", a)
    return functional.avg_pool2d(v[0], a["kernel_shape"], a["strides"])


def _pad(v: Values, a: Attributes) -> Tensor:
    _only(a.get("mode", b"constant") == b"constant", "Pad", a)
    x, around, count = v[0], v[1].tolist(), len(v[1]) // 2
    axes = range(x.ndim) if len(v) < 4 or v[3] is None else [int(n) % x.ndim for n in v[3]]
    sides = dict(zip(axes, zip(around[:count], around[count:], strict=True), strict=True))
    flat = [p for axis in reversed(range(x.ndim)) for p in sides.get(axis, (0, 0))]
    value = float(v[2]) if len(v) > 2 and v[2] is not None else 0.0
    return functional.pad(x, flat, value=value)


FLOATS = (1, 10, 11, 16)
"""float32, float16, double, bfloat16 by onnx's numbers; the net's own precision stands for all."""


def _cast(v: Values, a: Attributes) -> Tensor:
    _only(a["to"] in FLOATS, "Cast", a)
    same: Tensor = v[0]
    return same


def _resize(v: Values, a: Attributes) -> Tensor:
    """By whole or fractional scales; sizes are not asked for by any net here."""
    _only(len(v) < 4 or v[3] is None, "Resize to a size", a)
    _only(not a.get("antialias") and not a.get("axes") and (v[2][:2] == 1).all(), "Resize", a)
    high, wide = (float(s) for s in v[2][2:])
    where = a.get("coordinate_transformation_mode", b"half_pixel")
    if a.get("mode", b"nearest") == b"linear":
        _only(where == b"half_pixel", "Resize", a)
        return functional.interpolate(
            v[0], scale_factor=(high, wide), mode="bilinear", align_corners=False
        )
    whole = where == b"asymmetric" and a.get("nearest_mode") == b"floor"
    _only(whole and high == int(high) and wide == int(wide), "Resize", a)
    return functional.interpolate(v[0], scale_factor=(high, wide), mode="nearest")


def _mean(v: Values, a: Attributes) -> Tensor:
    mean: Tensor = v[0].mean(tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1)))
    return mean


def _max(v: Values, a: Attributes) -> Tensor:
    return torch.amax(v[0], tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1)))


def _min(v: Values, a: Attributes) -> Tensor:
    return torch.amin(v[0], tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1)))


def _length(v: Values, a: Attributes) -> Tensor:
    axes = tuple(a["axes"])
    length: Tensor = torch.linalg.vector_norm(v[0], dim=axes, keepdim=bool(a.get("keepdims", 1)))
    return length


def _grid_sample(v: Values, a: Attributes) -> Tensor:
    linear = a.get("mode", b"linear") in (b"linear", b"bilinear")  # by its newer or older name
    plain = linear and a.get("padding_mode", b"zeros") == b"zeros"
    _only(plain and not a.get("align_corners"), "GridSample", a)
    return functional.grid_sample(v[0].float(), v[1].float(), align_corners=False)


def _gemm(v: Values, a: Attributes) -> Tensor:
    _only(a.get("alpha", 1.0) == a.get("beta", 1.0) == 1.0 and not a.get("transA"), "Gemm", a)
    weight = v[1] if a.get("transB") else v[1].T
    return functional.linear(v[0], weight, v[2] if len(v) > 2 else None)


def _gather(v: Values, a: Attributes) -> Tensor:
    picked = np.asarray(v[1])
    axis = a.get("axis", 0)
    if picked.ndim == 0:
        return torch.select(v[0], axis, int(picked))
    return torch.index_select(v[0], axis, _numbers(tuple(picked.ravel().tolist()), v[0].device))


@cache
def _numbers(numbers: tuple[int, ...], place: torch.device) -> Tensor:
    """Made once, so that a recorded forward finds them on the device."""
    return torch.tensor(numbers, device=place)


def _slice(v: Values, a: Attributes) -> Tensor:
    starts, ends = (v[1], v[2]) if len(v) > 2 else (a["starts"], a["ends"])
    axes = v[3] if len(v) > 3 and v[3] is not None else a.get("axes", range(len(starts)))
    _only(len(v) < 5 or v[4] is None or (np.asarray(v[4]) == 1).all(), "Slice", a)
    x: Tensor = v[0]
    for axis, start, end in zip(axes, starts, ends, strict=True):
        first, last, _ = slice(int(start), int(end)).indices(x.shape[axis])
        x = torch.narrow(x, int(axis), first, last - first)
    return x


def _squeeze(v: Values, a: Attributes) -> Tensor:
    axes = v[1] if len(v) > 1 else a["axes"]
    return torch.squeeze(v[0], tuple(int(n) for n in axes))


def _reshape(v: Values, a: Attributes) -> Tensor:
    _only(not a.get("allowzero") or 0 not in v[1], "Reshape", a)
    shaped: Tensor = v[0].reshape(reshaped(v[0].shape, v[1].tolist()))
    return shaped


def _shape(v: Values, a: Attributes) -> np.ndarray:
    return np.array(v[0].shape[a.get("start", 0) : a.get("end")], np.int64)


def _flatten(v: Values, a: Attributes) -> Tensor:
    _only(a.get("axis", 1) == 1, "Flatten", a)
    flat: Tensor = v[0].flatten(1)
    return flat


def _depth_to_space(v: Values, a: Attributes) -> Tensor:
    _only(a.get("mode", b"DCR") == b"DCR", "DepthToSpace", a)
    n, c, h, w = v[0].shape
    block = a["blocksize"]
    x = v[0].reshape(n, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2)
    out: Tensor = x.reshape(n, c // block**2, h * block, w * block)
    return out


def _batch_norm(v: Values, a: Attributes) -> Tensor:
    _only(not a.get("training_mode"), "BatchNormalization", a)
    x, scale, shift, mean, var = v
    return functional.batch_norm(x, mean, var, scale, shift, eps=a.get("epsilon", 1e-5))


def _clip(v: Values, a: Attributes) -> Tensor:
    low, high = (v[i] if len(v) > i else a.get(k) for i, k in ((1, "min"), (2, "max")))
    return torch.clamp(v[0], low, high)


def _hard_sigmoid(v: Values, a: Attributes) -> Tensor:
    slope, middle = a.get("alpha", 0.2), a.get("beta", 0.5)
    if abs(slope * 6 - 1) < 1e-5 and middle == 0.5:
        return functional.hardsigmoid(v[0])
    return torch.clamp(v[0] * slope + middle, 0, 1)


def _softmax(v: Values, a: Attributes) -> Tensor:
    """In float32. Over the last axis old and new opsets mean the same, over others they do not."""
    axis = a.get("axis", -1)
    _only(axis in (-1, v[0].ndim - 1), "Softmax", a)
    return torch.softmax(v[0], -1, torch.float32)


def _matmul(v: Values, a: Attributes) -> Tensor:
    return torch.matmul(v[0].to(v[1].dtype), v[1])


def _layer_norm(v: Values, a: Attributes) -> Tensor:
    return functional.layer_norm(v[0], v[1].shape, v[1], v[2], a["epsilon"])


OPERATORS: dict[str, Callable[[Values, Attributes], Any]] = {
    "Add": lambda v, a: v[0] + v[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": lambda v, a: torch.cat(list(v), a["axis"]),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
    "Div": lambda v, a: v[0] / v[1],
    "Erf": lambda v, a: torch.erf(v[0]),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda v, a: v[0].mean((2, 3), keepdim=True),
    "GridSample": _grid_sample,
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda v, a: v[0],
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mul": lambda v, a: v[0] * v[1],
    "Neg": lambda v, a: -v[0],
    "Pad": _pad,
    "Pow": lambda v, a: torch.pow(v[0], v[1]),
    "ReduceL2": _length,
    "ReduceMax": _max,
    "ReduceMean": _mean,
    "ReduceMin": _min,
    "Relu": lambda v, a: torch.relu(v[0]),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _shape,
    "Sigmoid": lambda v, a: torch.sigmoid(v[0]),
    "Slice": _slice,
    "Softmax": _softmax,
    "Sqrt": lambda v, a: torch.sqrt(v[0]),
    "Squeeze": _squeeze,
    "Sub": lambda v, a: v[0] - v[1],
    "Transpose": lambda v, a: v[0].permute(a["perm"]),
    "iqm.Block": _block,
    "iqm.First": _first,
    "iqm.Gelu": lambda v, a: functional.gelu(v[0]),
    "iqm.LayerNorm": _layer_norm,
    "iqm.Linear": lambda v, a: functional.linear(v[0], v[1], v[2]),
    "iqm.PRelu": lambda v, a: functional.prelu(v[0], v[1]),
}
"""By ONNX's name; what starts with iqm. is put in by `fuse`, `blocks` and `firsts`."""
