"""The counting net: the backbone of an ONNX file in torch answers as onnxruntime does."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
sys.path.insert(0, str(Path(__file__).parents[3] / "training" / "hands"))

from export import halve  # noqa: E402
from model import Backbone  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def tiny(path):
    """A graph with the operators of the real one that ends in six additions."""
    rng = np.random.default_rng(0)
    constants = {
        "w": rng.normal(0, 0.3, (24, 3, 3, 3)),
        "b": rng.normal(0, 0.1, 24),
        "s": rng.random((1, 24, 1, 1)),
    }
    conv = {"strides": [2, 2], "pads": [0, 0, 1, 1], "group": 1, "kernel_shape": [3, 3]}
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "w", "b"], ["c"], **conv),
        helper.make_node("PRelu", ["c", "s"], ["p"]),
    ]
    last = "p"
    for k in range(6):
        nodes.append(helper.make_node("Add", [last, "p"], [f"a{k}"]))
        last = f"a{k}"
    held = [numpy_helper.from_array(v.astype(np.float32), n) for n, v in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 28, 28, 3])
    y = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", 24, 14, 14])
    graph = helper.make_graph(nodes, "tiny", [x], [y], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return model


def test_the_backbone_equals_onnxruntime(tmp_path, monkeypatch):
    import model
    import onnxruntime

    tiny(tmp_path / "tiny.onnx")
    monkeypatch.setattr(model, "TAPS", ((14, 24),))
    image = np.random.default_rng(1).random((2, 28, 28, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(tmp_path / "tiny.onnx"))
    want = session.run(None, {"x": image})[0]
    net = Backbone(tmp_path / "tiny.onnx")
    got = net(torch.from_numpy(image).permute(0, 3, 1, 2))[0].detach().numpy()
    assert got == pytest.approx(want, abs=1e-5)
    assert sum(p.numel() for p in net.parameters()) == 24 * 27 + 24 + 24


def test_halving_keeps_the_answers_within_half_precision(tmp_path):
    import onnxruntime

    whole = tiny(tmp_path / "tiny.onnx").SerializeToString()
    half = halve(onnx.load_from_string(whole)).SerializeToString()
    image = np.random.default_rng(1).random((1, 28, 28, 3)).astype(np.float32)
    a, b = (onnxruntime.InferenceSession(m).run(None, {"x": image})[0] for m in (whole, half))
    assert np.abs(a - b).max() < 0.02 and len(half) < len(whole)
