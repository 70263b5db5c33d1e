"""Each operator against onnx's own reference evaluator."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

pytest.importorskip("torch")

import torch

from iqmetrics.nets.onnx_torch.operators import OPERATORS

RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


MAP = floats(2, 4, 7, 9)
CASES = [
    ("Conv", [MAP, floats(6, 4, 3, 3), floats(6)], {"strides": [2, 1], "pads": [1, 0, 1, 0]}),
    ("Conv", [MAP, floats(6, 4, 3, 3)], {"pads": [0, 0, 1, 1], "strides": [2, 2]}),
    ("Conv", [MAP, floats(6, 4, 2, 2)], {"auto_pad": "SAME_UPPER"}),
    ("Conv", [MAP, floats(4, 1, 3, 3)], {"group": 4, "dilations": [2, 2], "pads": [2, 2, 2, 2]}),
    ("ConvTranspose", [MAP, floats(4, 3, 2, 2), floats(3)], {"strides": [2, 2], "dilations": [1, 1], "kernel_shape": [2, 2]}),
    ("MaxPool", [MAP], {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("MaxPool", [MAP], {"kernel_shape": [2, 2], "strides": [1, 1], "auto_pad": "SAME_UPPER"}),
    ("AveragePool", [MAP], {"kernel_shape": [3, 2], "strides": [3, 2]}),
    ("GlobalAveragePool", [MAP], {}),
    ("Pad", [MAP, np.array([0, 0, 1, 2, 0, 3, 0, 1])], {}),
    ("Resize", [MAP, None, np.float32([1, 1, 2, 2])], {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}),
    ("Resize", [MAP, None, np.float32([1, 1, 2, 2])], {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}),
    ("ReduceMean", [MAP], {"axes": [2, 3], "keepdims": 0}),
    ("ReduceMax", [MAP], {"axes": [2, 3], "keepdims": 1}),
    ("ReduceMin", [MAP], {"axes": [1], "keepdims": 1}),
    ("ReduceL2", [MAP], {"axes": [2], "keepdims": 1}),
    ("GridSample", [MAP, np.float32(np.random.default_rng(4).uniform(-0.7, 0.7, (len(MAP), 5, 6, 2)))], {"mode": "linear", "padding_mode": "zeros", "align_corners": 0}),
    ("Gemm", [floats(3, 5), floats(2, 5), floats(2)], {"transB": 1}),
    ("MatMul", [floats(2, 3, 5), floats(5, 4)], {}),
    ("Gather", [MAP, np.array(1)], {"axis": 1}),
    ("Gather", [MAP, np.array([2, 0])], {"axis": 1}),
    ("Slice", [MAP, np.array([1, -4]), np.array([3, 2**40]), np.array([1, 3])], {}),
    ("Squeeze", [floats(2, 1, 3), np.array([1])], {}),
    ("DepthToSpace", [floats(1, 8, 2, 3)], {"blocksize": 2, "mode": "DCR"}),
    ("BatchNormalization", [MAP, floats(4), floats(4), floats(4), floats(4) ** 2], {"epsilon": 1e-3}),
    ("Clip", [MAP, np.float32(-0.5), np.float32(0.5)], {}),
    ("HardSigmoid", [3 * MAP], {"alpha": 0.2, "beta": 0.5}),
    ("HardSigmoid", [3 * MAP], {"alpha": 1 / 6, "beta": 0.5}),
    ("Softmax", [floats(2, 3, 5)], {"axis": 2}),
    ("Transpose", [MAP], {"perm": [0, 2, 3, 1]}),
    ("Concat", [MAP, 2 * MAP], {"axis": 1}),
    ("Reshape", [MAP, np.array([0, -1, 3])], {}),
    ("Flatten", [MAP], {}),
    ("Erf", [MAP], {}),
    ("Sigmoid", [MAP], {}),
    ("Sqrt", [MAP**2], {}),
    ("Pow", [MAP**2, np.float32(1.5)], {}),
    ("Relu", [MAP], {}),
    ("Neg", [MAP], {}),
    ("Add", [MAP, floats(4, 1, 1)], {}),
    ("Sub", [MAP, floats(1)], {}),
    ("Mul", [MAP, floats(9)], {}),
    ("Div", [MAP, np.float32(3)], {}),
]  # fmt: skip


def reference(kind, values, attributes):
    names = [f"v{i}" if v is not None else "" for i, v in enumerate(values)]
    known = [
        helper.make_tensor_value_info(
            n, helper.np_dtype_to_tensor_dtype(np.asarray(v).dtype), np.shape(v)
        )
        for n, v in zip(names, values, strict=True)
        if n
    ]
    node = helper.make_node(kind, names, ["y"], **attributes)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", known, [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    feed = {n: np.asarray(v) for n, v in zip(names, values, strict=True) if n}
    return ReferenceEvaluator(model).run(None, feed)[0]


@pytest.mark.parametrize(
    ("kind", "values", "attributes"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_it_answers_as_onnxs_reference(kind, values, attributes):
    wanted = reference(kind, values, attributes)
    given = [
        torch.from_numpy(v)
        if isinstance(v, np.ndarray)
        and v.dtype == np.float32
        and v.ndim
        and not (kind == "Resize" and i)
        else v.item()
        if isinstance(v, np.float32)
        else v
        for i, v in enumerate(values)
    ]
    coded = {k: v.encode() if isinstance(v, str) else v for k, v in attributes.items()}
    found = OPERATORS[kind](given, coded)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found.numpy(), wanted, atol=2e-6, rtol=2e-5)


REFUSED = [
    ("MaxPool", [MAP], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    ("Conv", [MAP, floats(6, 4, 2, 2)], {"auto_pad": b"SAME_LOWER"}),
    ("Resize", [MAP, None, np.float32([1, 1, 2, 2])], {"mode": b"cubic"}),
    ("Resize", [MAP, None, None, np.array([2, 4, 8, 8])], {"mode": b"linear"}),
    ("Pad", [MAP, np.zeros(8, int)], {"mode": b"reflect"}),
    ("Softmax", [MAP], {"axis": 1}),
    ("Gemm", [floats(3, 5), floats(5, 2), floats(2)], {"alpha": 0.5}),
    ("DepthToSpace", [MAP], {"blocksize": 2, "mode": b"CRD"}),
    ("Slice", [MAP, np.array([0]), np.array([4]), np.array([1]), np.array([2])], {}),
    ("AveragePool", [MAP], {"kernel_shape": [3, 2], "strides": [1, 1], "pads": [1, 1, 1, 1]}),
]


@pytest.mark.parametrize(
    ("kind", "values", "attributes"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_is_not_known_is_refused(kind, values, attributes):
    given = [
        torch.from_numpy(v)
        if isinstance(v, np.ndarray) and v.dtype == np.float32 and v.ndim > 1
        else v
        for v in values
    ]
    with pytest.raises(NotImplementedError, match=kind if kind != "Conv" else "padding"):
        OPERATORS[kind](given, attributes)


def test_a_shape_stays_in_main_memory():
    found = OPERATORS["Shape"]([torch.zeros(2, 3)], {})
    assert isinstance(found, np.ndarray) and found.tolist() == [2, 3]


def test_a_product_is_taken_in_the_second_ones_precision():
    attention = OPERATORS["Softmax"]([torch.zeros(1, 2, 2, dtype=torch.float16)], {"axis": 2})
    assert attention.dtype == torch.float32
    assert (
        OPERATORS["MatMul"]([attention, torch.ones(1, 2, 3, dtype=torch.float16)], {}).dtype
        == torch.float16
    )
