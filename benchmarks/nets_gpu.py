"""The embedded nets on a GPU: equal to onnxruntime? how many images a second? where does time go?

Pictures are variants (moved, mirrored, brighter) of the ones in a folder, 1024 x 1024, decoded
beforehand; for `text` two strings are lettered on each. Every part prints as it ends, so that a run
that is cut short still tells what it has.

    python -m benchmarks.nets_gpu --images FOLDER --json benchmarks/results/nets_gpu.json
"""

import cProfile
import io
import multiprocessing
import os
import pstats
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from benchmarks import report
from iqmetrics import weights
from iqmetrics.images import Picture
from iqmetrics.nets.onnx_torch import net as onnx_net
from iqmetrics.nets.onnx_torch.net import TorchNet
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load
from iqmetrics.scorers.face import Face
from iqmetrics.scorers.hands import Hands
from iqmetrics.scorers.text import Text

SCORERS: dict[str, Callable[[], Any]] = {
    "face": lambda: Face(backend="embedded"),
    "hands": Hands,
    "text": lambda: Text(runtime="onnxruntime"),
    "text_absent": lambda: Text(runtime="onnxruntime"),
}
STRINGS = (("OPEN LATE", "Fresh Bread"), ("GRAND HOTEL", "Room 21"), ("NO PARKING", "Sundays"))
SIDE = 1024


def pictures(folder: Path, count: int, what: str) -> list[Picture]:
    """`count` pictures of unlike pixels, with the prompt that each scorer needs."""
    files = sorted(f for f in folder.iterdir() if f.suffix in (".jpg", ".png"))
    rng = np.random.default_rng(0)
    found = []
    for i in range(count):
        image = Image.open(files[i % len(files)]).convert("RGB").resize((SIDE, SIDE))
        asked = STRINGS[i % len(STRINGS)]
        if what == "text":
            pen = ImageDraw.Draw(image)
            for k, string in enumerate(asked):
                place = (int(rng.integers(40, 300)), int(rng.integers(60, 380)) + 480 * k)
                font = ImageFont.load_default(int(rng.integers(48, 96)))
                pen.text(place, string, "white", font, stroke_width=3, stroke_fill="black")
        pixels = np.asarray(image).astype(np.float32) * rng.uniform(0.9, 1.08)
        pixels = np.roll(pixels.clip(0, 255).astype(np.uint8), int(rng.integers(-24, 24)), 0)
        if i // len(files) % 2 and not what.startswith("text"):
            pixels = pixels[:, ::-1]
        record = ImageRecord(f"{i}.png", f"{i}.png", texts=asked if "text" in what else None)
        found.append(Picture(record, np.ascontiguousarray(pixels)))
    return found


def fresh(some: Sequence[Picture]) -> list[Picture]:
    """The same pictures with nothing remembered."""
    return [Picture(p.record, p.pixels, p.flags) for p in some]


def sync() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(run: Callable[[], Any], times: int = 1) -> float:
    """Least wall seconds of a few runs."""
    best = float("inf")
    for _ in range(times):
        sync()
        start = time.perf_counter()
        run()
        sync()
        best = min(best, time.perf_counter() - start)
    return best


def batches(scorer: Any, some: Sequence[Picture], size: int) -> list[Any]:
    shown = fresh(some)
    return [r for i in range(0, len(shown), size) for r in scorer.score(shown[i : i + size])]


def speed(name: str, folder: Path, count: int, device: str) -> dict[str, float]:
    """Images a second, the share of time inside the nets, and what the rest of it is."""
    shown = pictures(folder, count, name)
    scorer = SCORERS[name]()
    load(scorer, device)
    figures: dict[str, float] = {}
    batches(scorer, shown, count)
    batches(scorer, shown, count)
    for threads in ("1", "8"):
        with patch.dict(os.environ, OMP_NUM_THREADS=threads):
            wall = seconds(lambda: batches(scorer, shown, count), 2)
            figures[f"{name}_gpu_images_per_s_{threads}_threads"] = count / wall
    figures[f"{name}_gpu_images_per_s"] = max(figures.values())
    inside = 0.0
    steps = TorchNet.__call__

    def timed(self: TorchNet, batch: torch.Tensor) -> Any:
        nonlocal inside
        sync()
        start = time.perf_counter()
        answer = steps(self, batch)
        sync()
        inside += time.perf_counter() - start
        return answer

    with patch.dict(os.environ, OMP_NUM_THREADS="1"), patch.object(TorchNet, "__call__", timed):
        wall = seconds(lambda: batches(scorer, shown, count))
    figures[f"{name}_gpu_ms_per_image_forward"] = 1e3 * inside / count
    figures[f"{name}_gpu_ms_per_image_rest"] = 1e3 * (wall - inside) / count
    with patch.dict(os.environ, OMP_NUM_THREADS="1"):
        profile = cProfile.Profile()
        profile.runcall(lambda: batches(scorer, shown, count))
    told = io.StringIO()
    pstats.Stats(profile, stream=told).sort_stats("tottime").print_stats(16)
    print(name, figures, told.getvalue()[-2600:], flush=True)
    return figures


def equal(name: str, folder: Path, device: str, count: int = 9) -> dict[str, float]:
    """Readings of the ONNX path on the CPU against the torch path: values, boxes, statuses."""
    shown = pictures(folder, count, name)
    scorer = SCORERS[name]()
    load(scorer, "cpu")
    wanted = batches(scorer, shown, count)
    load(scorer, device)
    found = batches(scorer, shown, count)
    alone = batches(scorer, shown, 1)
    gaps = [
        abs(b.values[m] - v)
        for a, b in zip(wanted, found, strict=True)
        for m, v in a.values.items()
        if m in b.values
    ]
    same = [
        a.missing == b.missing and a.values.keys() == b.values.keys()
        for a, b in zip(wanted, found, strict=True)
    ]
    key = {"face": "faces", "hands": "hands"}.get(name, "")
    boxes = [
        np.abs(np.subtract(x["box"], y["box"])).max()
        for a, b in zip(wanted, found, strict=True)
        for x, y in zip(a.evidence.get(key, ()), b.evidence.get(key, ()), strict=True)
    ]
    batch = [
        abs(b.values[m] - v) for a, b in zip(alone, found, strict=True) for m, v in a.values.items()
    ]
    figures = {
        f"{name}_gpu_value_gap": float(max(gaps, default=0.0)),
        f"{name}_gpu_same_statuses": sum(same) / len(same),
        f"{name}_gpu_batch_gap": float(max(batch, default=0.0)),
    }
    if boxes:
        figures[f"{name}_gpu_box_gap_px"] = float(max(boxes))
    print(name, figures, flush=True)
    return figures


def nets(device: str, rows: int) -> dict[str, float]:
    """Each net alone on noise over a ramp: gap to onnxruntime, milliseconds a forward by mode."""
    import onnxruntime

    from iqmetrics.nets.text import runtime

    shapes = {
        "face_short": (rows, 128, 128, 3),
        "face_full": (rows, 192, 192, 3),
        "face_mesh": (rows, 192, 192, 3),
        "hand_palm": (rows, 192, 192, 3),
        "hand_landmark": (rows, 224, 224, 3),
        "hand_count": (rows, 224, 224, 3),
        "detector": (max(1, rows // 6), 3, 640, 640),
        "recogniser": (rows, 3, 48, 320),
    }
    figures = {}
    for name, shape in shapes.items():
        path = runtime.find(name) if name in runtime.FILES else weights.find(name)
        batch = np.random.default_rng(0).random(shape, np.float32)
        few = batch[:2]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        wanted = session.run(None, {session.get_inputs()[0].name: few})
        for mode, half, replay in (
            ("", False, True),
            ("_eager", False, False),
            ("_half", True, True),
        ):
            net = TorchNet(path, device, half=half, replay=replay)
            found = net.run(few, 2)
            gap = max(
                float(np.abs(a - b).max() / max(1.0, np.abs(b).max()))
                for a, b in zip(found, wanted, strict=True)
            )
            there = torch.from_numpy(batch).to(net.device)
            for _ in range(3):
                net(there)
            wall = seconds(lambda n=net, x=there: [n(x) for _ in range(5)], 2) / 5
            figures[f"{name}_gpu_gap{mode}"] = gap
            figures[f"{name}_gpu_us_per_row{mode}"] = 1e6 * wall / shape[0]
            del net, there
        print(name, {k: v for k, v in figures.items() if k.startswith(name)}, flush=True)
    return figures


def _worker(name: str, folder: Path, count: int, device: str, gate: Any, told: Any) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    if device == "cpu":
        onnx_net.place = lambda _: torch.device("cpu")
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    shown = pictures(folder, count, name)
    scorer = SCORERS[name]()
    load(scorer, "cuda")
    batches(scorer, shown, count)
    batches(scorer, shown, count)
    gate.wait()
    start = time.perf_counter()
    batches(scorer, shown, count)
    batches(scorer, shown, count)
    told.put((start, time.perf_counter()))


def processes(name: str, folder: Path, count: int, device: str, workers: int) -> dict[str, float]:
    """Images a second when several processes share the GPU, each with one thread."""
    context = multiprocessing.get_context("spawn")
    gate, told = context.Barrier(workers), context.Queue()
    args = (name, folder, count, device, gate, told)
    started = [context.Process(target=_worker, args=args) for _ in range(workers)]
    for one in started:
        one.start()
    try:
        spans = [told.get(timeout=60) for _ in started]
    finally:
        for one in started:
            one.join(2)
            one.kill()
    wall = max(end for _, end in spans) - min(start for start, _ in spans)
    figures = {f"{name}_gpu_images_per_s_{workers}_processes": 2 * count * workers / wall}
    print(figures, flush=True)
    return figures


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--workers", type=int, nargs="*", default=[8])
    parser.add_argument("--parts", nargs="*", default=["nets", "equal", "speed", "processes"])
    parser.add_argument("--scorers", nargs="*", default=list(SCORERS))
    parser.add_argument("--eager", action="store_true", help="replay no recorded forwards")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    args = parser.parse_args()
    if args.device == "cpu":
        onnx_net.place = lambda _: torch.device("cpu")
    if args.eager:
        onnx_net.MOST_REPLAYS = 0
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    figures: dict[str, Any] = {}
    notes = {
        "pictures": f"{args.count} variants of real pictures, {SIDE} px, decoded beforehand",
        "value_gap": "largest difference of a value between onnxruntime on the CPU and the GPU",
        "gap": "largest difference of an output over the larger of 1 and its largest value",
        "text_absent": "the strings that are asked for are not there: every pass runs",
    }

    def add(more: dict[str, float]) -> None:
        figures.update(more)
        report.write(
            args.json, figures, notes, ("iqmetrics", "numpy", "onnx", "onnxruntime", "torch"),
            f"{card}, {report.this_machine()}",
        )  # fmt: skip

    runs: dict[str, Callable[[str], dict[str, float]]] = {
        "equal": lambda name: equal(name, args.images, "cuda", min(9, args.count)),
        "speed": lambda name: speed(name, args.images, args.count, "cuda"),
        "processes": lambda name: {
            k: v
            for workers in args.workers
            for k, v in processes(
                name, args.images, max(2, args.count // 4), args.device, workers
            ).items()
        },
        "nets": lambda name: nets("cuda", args.rows),
    }
    begun = time.perf_counter()
    for part in args.parts:
        for name in args.scorers if part != "nets" else ["nets"]:
            try:
                add(runs[part](name))
            except Exception:  # the other parts are still worth having; this one's figures lack
                traceback.print_exc()
            print(part, name, round(time.perf_counter() - begun, 1), "s", flush=True)


if __name__ == "__main__":
    main()
