"""Operators of any shape, stride and padding against onnxruntime: the same answer, or a refusal."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import onnxruntime as ort
import torch

from iqmetrics.nets.onnx_torch.operators import OPERATORS, pads

Case = tuple[str, list[Any], dict[str, Any]]
SIDES = st.integers(4, 11)


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def by_onnxruntime(
    kind: str, values: list[Any], attributes: dict[str, Any], opset: int = 17
) -> np.ndarray:
    """What onnxruntime answers; all but the first input are constants, as in the nets."""
    names = [f"v{i}" if v is not None else "" for i, v in enumerate(values)]
    arrays = [None if v is None else np.asarray(v) for v in values]
    types = [None if a is None else helper.np_dtype_to_tensor_dtype(a.dtype) for a in arrays]
    constants = [
        helper.make_tensor(n, t, a.shape, a.ravel())
        for n, t, a in list(zip(names, types, arrays, strict=True))[1:]
        if a is not None
    ]
    given = helper.make_tensor_value_info("v0", TensorProto.FLOAT, arrays[0].shape)
    kind_out = {"Cast": attributes.get("to"), "Shape": TensorProto.INT64}.get(kind)
    out = helper.make_tensor_value_info("y", kind_out or TensorProto.FLOAT, None)
    node = helper.make_node(kind, names, ["y"], **attributes)
    graph = helper.make_graph([node], "g", [given], [out], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    settings_ = ort.SessionOptions()
    settings_.intra_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), settings_, providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {"v0": arrays[0]})[0])


def by_torch(kind: str, values: list[Any], attributes: dict[str, Any]) -> np.ndarray:
    """As the net gives them: weights as tensors, shapes and scales as arrays of main memory."""
    here = kind in ("Pad", "Resize", "Slice", "Gather")
    given = [
        torch.from_numpy(v) if isinstance(v, np.ndarray) and not (here and i) else v
        for i, v in enumerate(values)
    ]
    coded = {k: v.encode() if isinstance(v, str) else v for k, v in attributes.items()}
    return np.asarray(OPERATORS[kind](given, coded))


def agree(case: Case, opset: int = 17) -> None:
    wanted, found = by_onnxruntime(*case, opset), by_torch(*case)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=2e-5, rtol=2e-5)


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    groups, each = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from([1, 2]))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    apart = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    attributes: dict[str, Any] = {
        "group": groups,
        "strides": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "dilations": apart,
    }
    overlap = all(s <= k for s, k in zip(attributes["strides"], kernel, strict=True))
    if overlap and apart == (1, 1) and draw(st.booleans()):
        attributes["auto_pad"] = "SAME_UPPER"
    else:
        attributes["pads"] = draw(st.tuples(*[st.integers(0, 3)] * 4))
    sides = [draw(SIDES) + (k - 1) * a for k, a in zip(kernel, apart, strict=True)]
    weights = [floats(groups * each, 4 // groups, *kernel), floats(groups * each)]
    return "Conv", [floats(draw(st.integers(1, 2)), 4, *sides), *weights], attributes


@settings(max_examples=80)
@given(convolutions())
def test_convolutions_of_any_stride_padding_and_group(case: Case) -> None:
    agree(case)


@st.composite
def pools(draw: st.DrawFn) -> Case:
    kernel = draw(st.tuples(st.integers(2, 4), st.integers(2, 4)))
    attributes: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
    }
    kind = draw(st.sampled_from(["MaxPool", "AveragePool"]))
    overlap = all(s <= k for s, k in zip(attributes["strides"], kernel, strict=True))
    if kind == "MaxPool" and overlap and draw(st.booleans()):
        attributes["auto_pad"] = "SAME_UPPER"
    elif kind == "MaxPool":
        attributes["pads"] = draw(st.tuples(*[st.integers(0, min(kernel) - 1)] * 4))
    below_zero = floats(2, 3, draw(SIDES), draw(SIDES)) - 5
    return kind, [below_zero], attributes


@settings(max_examples=60)
@given(pools())
def test_pools_of_odd_sizes_never_count_what_is_padded(case: Case) -> None:
    agree(case)


@st.composite
def others(draw: st.DrawFn, which: int) -> Case:
    x = floats(2, 4, draw(SIDES), draw(SIDES))
    whole = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    scales = np.array([1, 1, *whole], np.float32)
    near = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    groups = draw(st.sampled_from([1, 2]))
    around = np.array(draw(st.tuples(*[st.integers(0, 2)] * 8)), np.int64)
    bounds = draw(st.lists(st.integers(-3, 3), min_size=2, max_size=2))
    flat = floats(3, draw(SIDES))
    turned = draw(st.sampled_from([0, 1]))
    weight = floats(2, flat.shape[1]) if turned else floats(flat.shape[1], 2)
    cases: list[Case] = [
        ("Resize", [x, None, scales], {"mode": "nearest", **near}),
        ("Resize", [x, None, scales], {"mode": "linear"}),
        (
            "ConvTranspose",
            [x, floats(4, 2, *whole), floats(2 * groups)],
            {"strides": whole, "dilations": (1, 1), "group": groups},
        ),
        ("Pad", [x, around, np.float32(draw(st.integers(-2, 2)))], {}),
        ("Shape", [x], {"start": bounds[0]}),
        ("Shape", [x], {"end": bounds[1]}),
        ("Slice", [x, np.array(bounds[:1]), np.array([4]), np.array([1])], {}),
        ("Slice", [x, np.array([0]), np.array([-1]), np.array([bounds[1] % 4])], {}),
        ("Gather", [x, np.array([bounds[0] % 4, bounds[1] % 4])], {"axis": 1}),
        ("Gemm", [flat, weight, floats(2)], {"transB": turned}),
        ("DepthToSpace", [x], {"blocksize": 2}),
        ("Softmax", [x * 30], {"axis": 3}),
        (
            "BatchNormalization",
            [x, floats(4), floats(4) + 1, floats(4) - 1, floats(4) ** 2 / 10],
            {"epsilon": draw(st.sampled_from([1e-5, 1e-2]))},
        ),
    ]
    assert len(cases) == OTHERS
    return cases[which]


OTHERS = 13


@pytest.mark.parametrize("which", range(OTHERS))
@settings(max_examples=15)
@given(data=st.data())
def test_other_operators_of_any_size(which: int, data: st.DataObject) -> None:
    agree(data.draw(others(which)))


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([0, 1, -2, -1]), unique_by=lambda axis: axis % 4, max_size=4),
    st.lists(st.integers(-2, 3), min_size=8, max_size=8),
)
def test_pads_of_the_named_axes_only(axes: list[int], around: list[int]) -> None:
    """From opset 18 on; a number below zero cuts off."""
    sides = np.array([*around[: len(axes)], *around[4 : 4 + len(axes)]], np.int64)
    given_axes = np.array(axes, np.int64)
    agree(("Pad", [floats(5, 6, 7, 8), sides, np.float32(0.5), given_axes], {}), opset=18)


X = floats(1, 4, 7, 9)


@pytest.mark.parametrize("wide", [TensorProto.FLOAT, TensorProto.DOUBLE])
def test_a_change_of_precision_leaves_the_numbers(wide: int) -> None:
    agree(("Cast", [X * 3], {"to": wide}))


@pytest.mark.parametrize("whole", ["INT64", "INT32", "UINT8", "BOOL"])
def test_a_change_to_whole_numbers_is_refused(whole: str) -> None:
    """Numbers of a net are floats throughout: 1.7 would go on as 1.7 where onnxruntime has 1."""
    case: Case = ("Cast", [X * 3], {"to": getattr(TensorProto, whole)})
    assert np.abs(by_onnxruntime(*case) - X * 3).max() > 0.5, "it does make a difference"
    with pytest.raises(NotImplementedError, match="Cast"):
        by_torch(*case)


@pytest.mark.parametrize(
    ("kind", "values", "attributes"),
    [
        ("Resize", [X, None, np.array([1, 1, 0.5, 0.5], np.float32)], {"mode": b"linear", "antialias": 1}),
        ("Resize", [X, None, np.array([1, 2, 2, 2], np.float32)], {"mode": b"linear"}),
        ("Resize", [X, None, np.array([2, 2], np.float32)], {"mode": b"linear", "axes": [2, 3]}),
        ("AveragePool", [X], {"kernel_shape": (2, 2), "strides": (1, 1), "dilations": (2, 2)}),
        ("BatchNormalization", [X, *[floats(4) ** 2] * 4], {"training_mode": 1}),
        ("Reshape", [X, np.array([0, -1])], {"allowzero": 1}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_settings_of_newer_operators_are_refused_where_they_change_the_answer(
    kind: str, values: list[Any], attributes: dict[str, Any]
) -> None:
    with pytest.raises(NotImplementedError, match=kind):
        by_torch(kind, values, attributes)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_spread_taps_with_automatic_padding_keep_the_size_that_onnx_states(step: int) -> None:
    """ceil(size / stride), the odd pixel at the end; onnxruntime takes no dilation here."""
    taps = {"auto_pad": b"SAME_UPPER", "dilations": (2, 3), "strides": (step, step)}
    found = OPERATORS["Conv"]([torch.from_numpy(X), torch.ones(1, 4, 3, 2)], taps)
    assert found.shape[2:] == (-(-7 // step), -(-9 // step))
    top, left, bottom, right = pads(torch.from_numpy(X), taps, (3, 2))
    assert 0 <= bottom - top <= 1 and 0 <= right - left <= 1


TWICE = np.array([1, 1, 2, 2], np.float32)
UP = {"strides": (2, 2), "dilations": (1, 1)}
OTHERWISE: list[Case] = [
    ("MaxPool", [X], {"kernel_shape": (2, 2), "strides": (1, 1), "dilations": (2, 2)}),
    ("MaxPool", [X], {"kernel_shape": (2, 2), "strides": (2, 2), "ceil_mode": 1}),
    ("AveragePool", [X], {"kernel_shape": (2, 2), "strides": (1, 1), "pads": (1, 1, 1, 1)}),
    ("AveragePool", [X], {"kernel_shape": (2, 2), "strides": (2, 2), "ceil_mode": 1}),
    ("ConvTranspose", [X, floats(4, 2, 3, 3)], {**UP, "output_padding": (1, 1)}),
    ("ConvTranspose", [X, floats(4, 2, 3, 3)], {**UP, "auto_pad": "SAME_UPPER"}),
    ("ConvTranspose", [X, floats(4, 2, 3, 3)], {**UP, "pads": (1, 1, 1, 1)}),
    ("Flatten", [X], {"axis": 2}),
    ("Gemm", [floats(3, 5), floats(3, 2), floats(2)], {"transA": 1}),
    ("Gemm", [floats(3, 5), floats(5, 2), floats(2)], {"beta": 0.5}),
    ("Resize", [X, None, TWICE], {"mode": "nearest"}),
    ("Resize", [X, None, TWICE], {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}),
    ("Resize", [X, None, TWICE * [1, 1, 0.75, 1]], {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}),
    ("Pad", [X, np.array([0, 0, 1, 1, 0, 0, 1, 1])], {"mode": "edge"}),
    ("Conv", [X, floats(2, 4, 2, 2)], {"auto_pad": "SAME_LOWER"}),
    ("Softmax", [X], {"axis": 1}),
    ("GridSample", [X, floats(1, 3, 5, 2) / 2], {"align_corners": 1}),
    ("GridSample", [X, floats(1, 3, 5, 2) * 2], {"padding_mode": "border"}),
    ("DepthToSpace", [X], {"blocksize": 2, "mode": "CRD"}),
    ("Slice", [X, np.array([0]), np.array([4]), np.array([1]), np.array([2])], {}),
    ("Squeeze", [X[..., :1], np.array([3])], {}),
]  # fmt: skip


@pytest.mark.parametrize("case", OTHERWISE, ids=lambda c: f"{c[0]} {list(c[2].values())}")
def test_what_no_net_here_uses_is_refused_or_right_but_never_wrong(case: Case) -> None:
    try:
        by_torch(*case)
    except NotImplementedError:
        return
    agree(case)
