"""Writes the counting net as ONNX: NHWC input 0..1, free batch size, weights stored as float16.

python training/hands/export.py ship.safetensors hand_landmark_full.onnx count.onnx
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from model import Counter
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file
from torch import Tensor, nn

HALF_FROM = 64


class Export(nn.Module):
    """The net as it is run: channels last in, probabilities out."""

    def __init__(self, net: Counter) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tips, state, count = self.net(x.permute(0, 3, 1, 2))
        return torch.sigmoid(tips[:, 0]), state.softmax(1), count.softmax(1)


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float constants as float16, cast up on load."""
    graph, casts, kept = model.graph, [], []
    for constant in graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype == np.float32 and values.size >= HALF_FROM:
            name = constant.name + "_half"
            kept.append(numpy_helper.from_array(values.astype(np.float16), name))
            casts.append(helper.make_node("Cast", [name], [constant.name], to=TensorProto.FLOAT))
        else:
            kept.append(constant)
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Export one net."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("weights", "backbone", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    net = Counter(args.backbone)
    net.load_state_dict(
        {k: v.float() if v.is_floating_point() else v for k, v in load_file(args.weights).items()}
    )
    names = ["tips", "state", "count"]
    torch.onnx.export(
        Export(net.eval()),
        (torch.rand(1, 224, 224, 3),),
        str(args.out),
        opset_version=17,
        dynamo=False,
        input_names=["image"],
        output_names=names,
        dynamic_axes={n: {0: "N"} for n in ["image", *names]},
    )
    onnx.save(halve(onnx.load(str(args.out))), str(args.out))
    print(args.out, args.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
