"""Makes the four face nets from the tflite files of the mediapipe 0.10.21 wheel.

    pip download --no-deps mediapipe==0.10.21 && unzip mediapipe-*.whl 'mediapipe/modules/*'
    python training/faces_nets.py mediapipe/modules iqmetrics/nets/faces

The attention mesh answers its mesh and its closer looks at lips and eyes separately; they are
joined into one output, `points`. Beside it the net shows inner layers, `deep`: what it knows of a
face before its shape prior smooths it away.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from convert_tflite import convert, cropped_points
from onnx import TensorProto, helper, shape_inference

NETS = {
    "face_short": "face_detection/face_detection_short_range.tflite",
    "face_full": "face_detection/face_detection_full_range_sparse.tflite",
    "face_mesh": "face_landmark/face_landmark_with_attention.tflite",
}
"""File in the wheel."""

CLOSER = ("output_lips", "output_left_eye", "output_right_eye")
DEFAULTS = {"group": 1, "dilations": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0]}
"""Settings of a convolution that need not be written down."""
IRISES = ("output_left_iris", "output_right_iris")
INNER = (
    ("output_mesh_identity", "Sub", 128, 6),
    ("output_lips", "Sub", 128, 4),
    ("output_left_eye", "Sub", 128, 4),
    ("output_mesh_identity", "Add", 128, 12),
    ("output_left_eye", "Add", 64, 8),
)
"""(output, operator, channels, places a side): the inner layers that are shown, each the last such
layer on the way to the output."""


def joined(model, closer):
    """The attention mesh with the outputs `points` (n x 478 x 3), `flag` (n x 1) and `deep`.

    Args:
        model: The converted net.
        closer: For each of `CLOSER` the mesh points that it places (the crop's own subset).
    """
    graph, nodes = model.graph, model.graph.node
    inner = [_inner(model, *layer) for layer in INNER]

    def emit(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(name, values):
        graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(values), name))
        return name

    def rows(name, many, wide):
        return emit("Reshape", [name, constant(f"{name}_rows", [0, many, wide])], f"{name}_points")

    mesh = rows("output_mesh_identity", 468, 3)
    first = constant("first", [0]), constant("two", [2]), constant("three", [3])
    axis = constant("axis", [2])
    flat = emit("Slice", [mesh, first[0], first[1], axis], "mesh_flat")
    depth = emit("Slice", [mesh, first[1], first[2], axis], "mesh_depth")
    looks = [rows(n, len(points), 2) for n, points in zip(CLOSER, closer, strict=True)]
    looks += [rows(name, 5, 2) for name in IRISES]
    every = emit("Concat", [flat, *looks], "every", axis=1)
    source, at = np.arange(478), 468
    for points in closer:
        source[points] = np.arange(at, at + len(points))
        at += len(points)
    source[468:] = np.arange(at, at + 10)
    best = emit("Gather", [every, constant("source", source)], "best", axis=1)
    zeros = emit("Slice", [depth, first[0], constant("ten", [10]), constant("rows", [1])], "ten_z")
    zeros = emit("Mul", [zeros, constant("nought", np.float32(0))], "no_depth")
    deeper = emit("Concat", [depth, zeros], "depth", axis=1)
    emit("Concat", [best, deeper], "points", axis=2)
    emit("Flatten", ["conv_faceflag"], "flag")
    parts = [emit("Flatten", [name], f"deep_{i}") for i, name in enumerate(inner)]
    emit("Concat", parts, "deep", axis=1)
    numbers = sum(channels * side**2 for *_, channels, side in INNER)
    del graph.output[:]
    for name, shape in (("points", [478, 3]), ("flag", [1]), ("deep", [numbers])):
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
        graph.output.append(value)
    onnx.checker.check_model(model, full_check=True)
    return model


def slimmer(model):
    """The same net without settings that are the default."""
    for node in model.graph.node:
        if node.op_type == "Conv":
            kept = [
                a for a in node.attribute if DEFAULTS.get(a.name) != helper.get_attribute_value(a)
            ]
            del node.attribute[:]
            node.attribute.extend(kept)
    return model


def _inner(model, output, operator, channels, side):
    """Name of the last result of this shape and operator on the way to `output`."""
    shapes = {
        v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim[1:])
        for v in shape_inference.infer_shapes(model).graph.value_info
    }
    maker = {name: node for node in model.graph.node for name in node.output}
    name = output
    while maker[name].op_type != operator or shapes.get(name) != (channels, side, side):
        name = maker[name].input[0]
    return name


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", type=Path, help="mediapipe/modules of the unpacked wheel")
    parser.add_argument("folder", type=Path, help="where the ONNX files go")
    args = parser.parse_args()
    for name, file in NETS.items():
        data = (args.modules / file).read_bytes()
        model = convert(data, half=True)
        if name == "face_mesh":
            model = joined(model, cropped_points(data))
        path = args.folder / f"{name}.onnx"
        path.write_bytes(slimmer(model).SerializeToString())
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
