"""The counting net: MediaPipe's hand backbone, continued, with fingertip map and two judgements.

The backbone is read from the converted landmark model (training/convert_tflite.py) up to its
14 x 14 map; every convolution goes on learning. On top: a pyramid to a 56 x 56 map of fingertips
(any number of peaks), a state (countable, folded, hidden, nothing) and a count class, judged from
the picture and, apart from it, from the map alone.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

TAPS = ((56, 24), (28, 40), (14, 112))


class Backbone(nn.Module):
    """Runs the nodes of an ONNX graph with trainable constants; answers the last map by size."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        import onnx
        from onnx import numpy_helper

        graph = onnx.load(str(path)).graph
        constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.steps: list[tuple[str, list[str], str, dict]] = []
        self.alias: dict[str, str] = {}
        self.pads: dict[str, list[int]] = {}
        adds = 0
        self.weights = nn.ParameterDict()
        for node in graph.node:
            if node.op_type == "Cast" and node.input[0] in constants:
                constants[node.output[0]] = constants[node.input[0]]
                continue
            for name in [] if node.op_type == "Clip" else node.input:
                if name in constants and name not in self.weights and name not in self.pads:
                    value = constants[name]
                    if value.dtype.kind == "f":
                        self.weights[name] = nn.Parameter(torch.from_numpy(value.astype("float32")))
                    else:
                        self.pads[name] = [int(v) for v in value.ravel()]
            facts = {a.name: list(a.ints) or a.i for a in node.attribute}
            self.steps.append((node.op_type, list(node.input), node.output[0], facts))
            if node.op_type == "Add":
                adds += 1
                if adds == 6:  # the last block at 14 x 14
                    break
        self.entry = graph.input[0].name

    def forward(self, x: Tensor) -> list[Tensor]:
        """x: B 3 224 224, 0..1."""
        seen: dict[str, Tensor] = {self.entry: x}
        taps: dict[int, Tensor] = {}

        def get(name: str) -> Tensor:
            return self.weights[name] if name in self.weights else seen[name]

        for kind, inputs, output, facts in self.steps:
            if kind == "Transpose":
                y = seen[inputs[0]]
            elif kind == "Conv":
                top, left, bottom, right = facts["pads"]
                y = get(inputs[0])
                pad = (top, left)
                if (top, left) != (bottom, right):
                    y, pad = nn.functional.pad(y, (left, right, top, bottom)), (0, 0)
                bias = get(inputs[2]) if len(inputs) > 2 else None
                y = nn.functional.conv2d(
                    y, get(inputs[1]), bias, facts["strides"], pad, groups=facts["group"]
                )
            elif kind == "PRelu":
                y = nn.functional.prelu(get(inputs[0]), get(inputs[1]).flatten())
            elif kind == "Relu":
                y = torch.relu(get(inputs[0]))
            elif kind == "Clip":  # ReLU6
                y = get(inputs[0]).clamp(0, 6)
            elif kind == "Neg":
                y = -get(inputs[0])
            elif kind in ("Mul", "Add", "Sub"):
                a, b = get(inputs[0]), get(inputs[1])
                y = a * b if kind == "Mul" else a + b if kind == "Add" else a - b
            elif kind == "MaxPool":
                top, left, bottom, right = facts.get("pads", [0, 0, 0, 0])
                y = nn.functional.pad(get(inputs[0]), (left, right, top, bottom), value=-1e9)
                y = nn.functional.max_pool2d(y, facts["kernel_shape"], facts["strides"])
            elif kind == "Pad":
                p = self.pads[inputs[1]]
                y = nn.functional.pad(get(inputs[0]), (p[3], p[7], p[2], p[6], p[1], p[5]))
            else:
                raise NotImplementedError(kind)
            seen[output] = y
            if kind == "Add":
                taps[int(y.shape[-1])] = y
        return [taps[side] for side, _ in TAPS]


def _block(wide_in: int, wide_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(wide_in, wide_in, 3, stride, 1, groups=wide_in, bias=False),
        nn.BatchNorm2d(wide_in),
        nn.Conv2d(wide_in, wide_out, 1, bias=False),
        nn.BatchNorm2d(wide_out),
        nn.ReLU(inplace=True),
    )


class Counter(nn.Module):
    """image -> fingertip logits B 1 56 56, state logits B 4, count logits B 3."""

    def __init__(self, path: Path, wide: int = 48) -> None:
        super().__init__()
        self.backbone = Backbone(path)
        self.lateral = nn.ModuleList(nn.Conv2d(c, wide, 1) for _, c in TAPS)
        self.merge = nn.ModuleList(_block(wide, wide) for _ in TAPS)
        self.tips = nn.Sequential(_block(wide, wide), nn.Conv2d(wide, 1, 1))
        nn.init.constant_(self.tips[1].bias, -3.0)
        self.down = nn.Sequential(_block(wide + 1, 64, 2), _block(64, 96, 2))
        self.deep = nn.Sequential(_block(96 + 112, 192), _block(192, 192, 2), _block(192, 256))
        self.judge = nn.Linear(512, 7)
        self.tally = nn.Sequential(
            nn.Conv2d(1, 16, 3, 1, 1), nn.ReLU(inplace=True), _block(16, 32, 2), _block(32, 48, 2)
        )
        self.total = nn.Linear(48, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three answers; the count is the mean of the picture's and the map's own logits."""
        tips, state, seen, told = self.parts(x)
        return tips, state, (seen + told) / 2

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Fingertips, state, and two counts: of the picture, and of the fingertip map alone.

        The second knows nothing but the map, so that no skin, seam or maker can tell it the count.
        """
        fine, middle, coarse = self.backbone(x)
        y = self.merge[2](self.lateral[2](coarse))
        for level, tap in ((1, middle), (0, fine)):
            y = nn.functional.interpolate(y, scale_factor=2.0, mode="nearest")
            y = self.merge[level](y + self.lateral[level](tap))
        tips = self.tips(y)
        z = self.down(torch.cat([y, torch.sigmoid(tips)], 1))
        z = self.deep(torch.cat([z, coarse], 1))
        z = torch.cat([z.mean((2, 3)), z.amax((2, 3))], 1)
        verdict = self.judge(z)
        spots = self.tally(torch.sigmoid(tips).detach())
        told = self.total(spots.mean((2, 3)) * (14 * 14 / 16))  # a sum: spots are to be counted
        return tips, verdict[:, :4], verdict[:, 4:], told
