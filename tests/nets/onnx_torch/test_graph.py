import numpy as np
import onnx
import pytest
from nets.onnx_nets import ALL, path_of
from onnx import TensorProto, helper, numpy_helper

from iqmetrics.errors import Unavailable
from iqmetrics.nets.onnx_torch.graph import Graph, Node, folded, read, without_unread


def saved(tmp_path, nodes, constants=(), inputs=("x",), outputs=("y",)):
    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in (*inputs, *outputs)
    ]
    stored = [numpy_helper.from_array(np.asarray(v), k) for k, v in dict(constants).items()]
    graph = helper.make_graph(nodes, "g", values[: len(inputs)], values[len(inputs) :], stored)
    path = tmp_path / "net.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return path


def test_nodes_constants_and_names_are_read(tmp_path):
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], strides=[2, 1], auto_pad="SAME_UPPER")
    constants = {"w": np.ones((2, 1, 3, 3), np.float16), "b": np.zeros(2, np.float32)}
    graph = read(saved(tmp_path, [node], constants))
    (found,) = graph.nodes
    assert (found.kind, found.inputs, found.output) == ("Conv", ("x", "w", "b"), "y")
    assert found.attributes["strides"] == [2, 1] and found.attributes["auto_pad"] == b"SAME_UPPER"
    assert graph.inputs == ("x",) and graph.outputs == ("y",)
    assert {k: v.dtype for k, v in graph.constants.items()} == {"w": np.float32, "b": np.float32}


def test_what_depends_on_no_input_is_worked_out(tmp_path):
    nodes = [
        helper.make_node("Cast", ["half"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["wide", "two"], ["doubled"]),
        helper.make_node("Add", ["x", "doubled"], ["y"]),
    ]
    constants = {"half": np.float16([1.5]), "two": np.float32([2])}
    graph = read(saved(tmp_path, nodes, constants))
    assert [n.kind for n in graph.nodes] == ["Add"]
    assert {k: v.tolist() for k, v in graph.constants.items()} == {"doubled": [3.0]}


def test_renaming_goes_but_outputs_keep_their_names(tmp_path):
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Identity", ["a"], ["b"]),
        helper.make_node("Neg", ["b"], ["c"]),
        helper.make_node("Identity", ["c"], ["y"]),
    ]
    graph = read(saved(tmp_path, nodes))
    assert [(n.kind, n.inputs, n.output) for n in graph.nodes] == [
        ("Relu", ("x",), "a"),
        ("Neg", ("a",), "c"),
        ("Identity", ("c",), "y"),
    ]


def test_what_nothing_reads_is_left_out():
    nodes = (Node("Relu", ("x",), "y"), Node("Neg", ("x",), "unread"))
    graph = without_unread(Graph(nodes, {"k": np.zeros(1)}, ("x",), ("y",)))
    assert [n.output for n in graph.nodes] == ["y"] and not graph.constants


def test_readers_of_a_name():
    one, two = Node("Add", ("x", "k"), "a"), Node("Mul", ("a", "x"), "y")
    graph = Graph((one, two), {"k": np.zeros(1)}, ("x",), ("y",))
    assert graph.readers["x"] == [one, two] and graph.readers["a"] == [two]
    assert folded(graph).nodes == (one, two)


def test_two_outputs_are_refused(tmp_path):
    node = helper.make_node("Split", ["x"], ["y", "z"])
    with pytest.raises(NotImplementedError, match="Split with 2 outputs"):
        read(saved(tmp_path, [node], outputs=("y", "z")))


def test_without_onnx_the_command_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(Unavailable, match="onnx") as error:
        read(tmp_path / "any.onnx")
    assert "iqmetrics[score]" in error.value.hint


@pytest.mark.parametrize("name", ALL)
def test_every_net_has_one_input_and_no_shape_work_left_but_the_recogniser(name):
    graph = read(path_of(name))
    assert len(graph.inputs) == 1
    kinds = {n.kind for n in graph.nodes}
    assert not kinds & {"Constant", "ConstantOfShape", "Cast"}
    assert ("Shape" in kinds) == (name == "recogniser")
    assert len(graph.nodes) < len(onnx.load(str(path_of(name))).graph.node)
