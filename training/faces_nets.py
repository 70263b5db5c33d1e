"""Makes the four face nets from the tflite files of the mediapipe 0.10.21 wheel.

    pip download --no-deps mediapipe==0.10.21 && unzip mediapipe-*.whl 'mediapipe/modules/*'
    python training/faces_nets.py mediapipe/modules iqmetrics/nets/faces

Beside their own outputs two nets show an inner layer, `deep`: what they know of a face before
their shape prior smooths it away.
"""

import argparse
from pathlib import Path

import onnx
from convert_tflite import convert
from onnx import TensorProto, helper, shape_inference

NETS = {
    "face_short": ("face_detection/face_detection_short_range.tflite", None),
    "face_full": ("face_detection/face_detection_full_range_sparse.tflite", None),
    "face_mesh": ("face_landmark/face_landmark.tflite", (128, 6, 6)),
    "face_iris": ("iris_landmark/iris_landmark.tflite", (128, 4, 4)),
}
"""File in the wheel, and the (channels, rows, columns) whose last layer becomes `deep`."""


def with_deep(model, shape):
    """The model with its last activation of that shape as a further output, n x numbers."""
    known = {
        v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim[1:])
        for v in shape_inference.infer_shapes(model).graph.value_info
    }
    layers = [n.output[0] for n in model.graph.node if n.op_type == "Sub"]
    last = [name for name in layers if known.get(name) == shape][-1]
    model.graph.node.append(helper.make_node("Flatten", [last], ["deep"]))
    numbers = shape[0] * shape[1] * shape[2]
    model.graph.output.append(
        helper.make_tensor_value_info("deep", TensorProto.FLOAT, ["N", numbers])
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", type=Path, help="mediapipe/modules of the unpacked wheel")
    parser.add_argument("folder", type=Path, help="where the ONNX files go")
    args = parser.parse_args()
    for name, (file, shape) in NETS.items():
        model = convert((args.modules / file).read_bytes(), half=True)
        if shape:
            model = with_deep(model, shape)
        path = args.folder / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
