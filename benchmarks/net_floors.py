"""The least time that each operator of the face, hand and text nets can take on a GPU; its time.

    python benchmarks/net_floors.py --json benchmarks/results/net_floors.json

The floor is what must be read and written once, at `--bandwidth` (TB/s; an H100 copies at 3.0), or
the multiplications, at `--rate` (TFLOP/s); times are the medians of recorded replays. Without a GPU
only floors are told. Rows a forward are those of the sessions.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import torch

sys.path.insert(0, str(Path(__file__).parent))
import report

from iqmetrics import weights
from iqmetrics.nets.onnx_torch.net import TorchNet
from iqmetrics.nets.text import runtime

NETS = {
    "face_full": (64, 192, 192, 3),
    "face_short": (64, 128, 128, 3),
    "face_mesh": (64, 192, 192, 3),
    "hand_palm": (64, 192, 192, 3),
    "hand_landmark": (64, 224, 224, 3),
    "hand_count": (64, 224, 224, 3),
    "detector": (4, 3, 1024, 1024),
    "recogniser": (64, 3, 48, 320),
}
HALF = ("hand_palm", "hand_count", "detector", "recogniser")
MADE = ("Conv", "iqm.Block", "iqm.First")
"""Operators of sums over pictures."""


class Work(NamedTuple):
    """An operator with the shapes of its inputs (None where one is left out) and its answer."""

    kind: str
    inputs: tuple[tuple[int, ...] | None, ...]
    output: tuple[int, ...]

    def moved(self, size: int) -> int:
        """Bytes that must be read and written, numbers of `size` bytes."""
        return size * sum(prod(shape) for shape in (*self.inputs, self.output) if shape)

    def operations(self) -> int:
        """Multiplications and additions."""
        weights = [shape for shape in self.inputs[1:5] if shape and len(shape) == 4]
        if self.kind != "iqm.Block":
            return 2 * prod(self.output) * prod(weights[0][1:])
        places = prod(self.output) // self.output[1]
        return 2 * places * sum(prod(shape) for shape in weights)


def works(name: str, shape: Sequence[int], device: str) -> list[tuple[Work, Any, Any]]:
    """What a forward does, in order, with the values and attributes of each."""
    path = runtime.find(name) if name in runtime.FILES else weights.find(name)
    net = TorchNet(path, device, name in HALF and device != "cpu", replay=False)
    seen: list[tuple[Work, Any, Any]] = []

    def noted(kind: str, run: Any) -> Any:
        def call(values: Sequence[Any], attributes: Any) -> Any:
            found = run(values, attributes)
            shapes = tuple(tuple(v.shape) if torch.is_tensor(v) else None for v in values)
            seen.append((Work(kind, shapes, tuple(found.shape)), values, attributes))
            return found

        return call

    known = dict(net._table)
    net._table = {k: noted(k, run) if k in MADE else run for k, run in known.items()}
    net.forward(torch.rand(tuple(shape), device=net.device))
    return [(w, v, (known[w.kind], a)) for w, v, a in seen]


def main() -> None:
    """Floors and times of every shape, the longest first, and their sums a net."""
    parser = report.arguments(__doc__)
    parser.add_argument("--bandwidth", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=400.0)
    options = parser.parse_args()
    there = torch.cuda.is_available()
    figures: dict[str, float] = {}
    for name, shape in NETS.items():
        floors: Counter[Work] = Counter()
        times: Counter[Work] = Counter()
        with torch.inference_mode():
            for work, values, (run, attributes) in works(name, shape, "cuda" if there else "meta"):
                moved = work.moved(2 if name in HALF else 4) / options.bandwidth / 1e6
                floors[work] += max(moved, work.operations() / options.rate / 1e6)
                if there:
                    from triton.testing import do_bench_cudagraph

                    call = lambda r=run, v=values, a=attributes: r(v, a)  # noqa: E731
                    times[work] += 1e3 * do_bench_cudagraph(call, rep=5, return_mode="median")
        print(f"{name} {shape}: floor {sum(floors.values()):.0f} us, {sum(times.values()):.0f} us")
        for work, floor in sorted(floors.items(), key=lambda item: -(times[item[0]] or item[1])):
            print(f"  {floor:7.1f} {times[work]:7.1f} us  {work.kind} {work.inputs[0]}", end=" ")
            print(*(shape for shape in work.inputs[1:5] if shape and len(shape) == 4))
        figures[f"{name}_floor_us"] = sum(floors.values())
        if there:
            figures[f"{name}_us"] = sum(times.values())
    absent = {} if there else {"times": "no GPU"}
    report.write(options.json, figures, absent, ("iqmetrics", "torch", "triton"))


if __name__ == "__main__":
    main()
