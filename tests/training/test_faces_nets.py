"""The embedded nets show the layers that they should."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
onnx = pytest.importorskip("onnx")
pytest.importorskip("tflite")
onnxruntime = pytest.importorskip("onnxruntime")

from faces_nets import NETS, _inner, slimmer  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from iqmetrics import weights  # noqa: E402


def small_net():
    """x -> two Sub (n, 128, 2, 2) -> Relu -> y."""
    one = onnx.numpy_helper.from_array(np.ones((1, 128, 1, 1), np.float32), "one")
    nodes = [
        helper.make_node("Sub", ["x", "one"], ["first"]),
        helper.make_node("Sub", ["first", "one"], ["second"]),
        helper.make_node("Relu", ["second"], ["y"]),
    ]
    shape = ["N", 128, 2, 2]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, [one])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_only_settings_that_are_not_the_default_are_written_down():
    plain = {"group": 1, "dilations": [1, 1], "strides": [1, 1], "kernel_shape": [3, 3]}
    model = small_net()
    node = helper.make_node("Conv", ["x", "w"], ["y"], **plain | {"strides": [2, 2]}, pads=[0] * 4)
    model.graph.node.append(node)
    slimmer(model)
    left = {a.name: list(a.ints) for a in model.graph.node[-1].attribute}
    assert left == {"strides": [2, 2], "kernel_shape": [3, 3]}
    assert len(model.graph.node) == 4


def test_the_inner_layer_is_the_last_of_its_shape():
    assert _inner(small_net(), "y", "Sub", 128, 2) == "second"
    with pytest.raises(KeyError):
        _inner(small_net(), "y", "Sub", 128, 3)


@pytest.mark.parametrize("name", NETS)
def test_the_committed_files_are_of_this_make(name):
    model = onnx.load(str(weights.find(name)))
    assert model.producer_name == "convert_tflite"
    shown = [o.name for o in model.graph.output]
    assert (shown == ["points", "flag", "deep"]) == (name == "face_mesh")
