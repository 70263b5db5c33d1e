"""A pack in insightface's layout, a few kB, made here: it finds one face where it is told to.

Layout facts (inputs, outputs, strides, point counts) are those that insightface routes on.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

SIDE = 640
STRIDES = (8, 16, 32)


def write_pack(folder, box, eyes, yaw=0.0, landmarks=True):
    """Write detector and landmark files into `folder`; box and eyes in 640 x 640 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    _detector(folder / "det_10g.onnx", box, eyes)
    if landmarks:
        flat = np.linspace(-0.5, 0.5, 212).astype(np.float32)
        _constant(folder / "2d106det.onnx", flat[None])
        _constant(folder / "1k3d68.onnx", _turned_points(yaw)[None])
    return folder


def _turned_points(yaw):
    from insightface.data import get_object

    mean = np.asarray(get_object("meanshape_68.pkl"), np.float64)
    a = np.radians(yaw)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    shape = (mean - mean.mean(0)) @ turn.T
    shape /= 2.5 * np.abs(shape).max()
    points = np.zeros((1103, 3))
    points[-68:] = shape
    return points.ravel().astype(np.float32)


def _constant(path, values):
    x = helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, 192, 192])
    y = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", values.shape[1]])
    nodes = [
        helper.make_node("ReduceMean", ["data"], ["m"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["m", "one"], ["u"]),
        helper.make_node("Mul", ["u", "zero"], ["z"]),
        helper.make_node("Add", ["z", "values"], ["out"]),
    ]
    held = {"one": np.array([1]), "zero": np.float32([0]), "values": values}
    _save(path, nodes, [x], [y], held)


def _detector(path, box, eyes):
    x = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    nodes = [
        helper.make_node("ReduceMean", ["input.1"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nil"]),
    ]
    held, outs = {"zero": np.float32(0)}, []
    for kind, width in (("score", 1), ("bbox", 4), ("kps", 10)):
        for stride in STRIDES:
            name, count = f"{kind}_{stride}", 2 * (SIDE // stride) ** 2
            held[f"shape_{name}"] = np.array([count, width])
            nodes.append(helper.make_node("ConstantOfShape", [f"shape_{name}"], [f"e_{name}"]))
            full = f"e_{name}"
            if stride == 16:
                row, values = _answer(kind, box, eyes)
                held[f"at_{name}"] = np.array([[row]])
                held[f"v_{name}"] = values[None].astype(np.float32)
                full = f"f_{name}"
                inputs = [f"e_{name}", f"at_{name}", f"v_{name}"]
                nodes.append(helper.make_node("ScatterND", inputs, [full]))
            nodes.append(helper.make_node("Add", [full, "nil"], [name]))
            outs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [count, width]))
    _save(path, nodes, [x], outs, held)


def _answer(kind, box, eyes):
    """Anchor row at stride 16 nearest the box's middle, and what it says there."""
    x0, y0, x1, y1 = box
    column, line = int((x0 + x1) / 32), int((y0 + y1) / 32)
    at = np.array([column, line]) * 16.0
    row = 2 * (line * (SIDE // 16) + column)
    if kind == "score":
        return row, np.array([0.93])
    if kind == "bbox":
        return row, np.array([at[0] - x0, at[1] - y0, x1 - at[0], y1 - at[1]]) / 16
    (ax, ay), (bx, by) = eyes
    low = y1 - (y1 - y0) * 0.2
    points = np.array([[ax, ay], [bx, by], [(ax + bx) / 2, (ay + low) / 2], [ax, low], [bx, low]])
    return row, ((points - at) / 16).ravel()


def _save(path, nodes, inputs, outputs, held):
    initial = [numpy_helper.from_array(np.asarray(v), k) for k, v in held.items()]
    graph = helper.make_graph(nodes, "synthetic", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    save(model, str(path))
