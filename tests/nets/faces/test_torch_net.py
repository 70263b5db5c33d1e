import numpy as np
import pytest

pytest.importorskip("torch")

from iqmetrics import weights
from iqmetrics.nets.faces import session
from iqmetrics.nets.faces.torch_net import TorchNet, _fields, _ints

SHAPES = {"face_short": 128, "face_full": 192, "face_mesh": 192}


@pytest.mark.parametrize("name", session.NETS)
def test_torch_answers_as_onnxruntime(name):
    net = TorchNet(weights.find(name), "cpu")
    side = SHAPES[name]
    batch = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    deep = "deep" in net.outputs
    expected = session.run(name, batch, deep=deep)
    for got, want in zip(net.run(batch, net.outputs), expected, strict=True):
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, atol=2e-3, rtol=1e-3)


@pytest.mark.gpu
@pytest.mark.parametrize("name", session.NETS)
def test_the_gpu_answers_as_the_cpu(name):
    path, side = weights.find(name), SHAPES[name]
    batch = np.random.default_rng(0).random((3, side, side, 3), np.float32)
    one, two = (TorchNet(path, device) for device in ("cpu", "cuda"))
    for a, b in zip(one.run(batch, one.outputs), two.run(batch, two.outputs), strict=True):
        np.testing.assert_allclose(a, b, atol=0.05, rtol=0.01)


def test_protobuf_by_hand():
    message = bytes([0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69, 0x1D, 0, 0, 0x80, 0x3F])
    assert list(_fields(message)) == [(1, 150), (2, b"hi"), (3, 1.0)]
    assert _ints(1, bytes([0x0A, 0x03, 0x01, 0x96, 0x01])) == [1, 150]
    assert _ints(1, bytes([0x08, 0x02, 0x08, 0x03])) == [2, 3]


def test_an_unknown_operator_is_named(tmp_path):
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", 1, [1])
    out = onnx.helper.make_tensor_value_info("y", 1, [1])
    node = onnx.helper.make_node("Cos", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [value], [out])
    path = tmp_path / "cos.onnx"
    path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    with pytest.raises(NotImplementedError, match="Cos"):
        TorchNet(path, "cpu")
