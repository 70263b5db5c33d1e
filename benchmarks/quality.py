"""Speed and accuracy of niqe, brisque and piqe beside pyiqa and the official values.

    python benchmarks/quality.py --images FOLDER --calibration FOLDER --json results/quality.json

Parts (`--only accuracy|cpu|gpu`, several allowed; the default is what this machine can run):
    accuracy  values on the five calibration pictures beside `results_official.csv`, and beside
              pyiqa's own PIQE.
    cpu       our three scorers (each picture decoded once) and pyiqa's three calls one after
              another (each decodes for itself, as documented), over the same PNGs of
              1024 x 1024, in turns.
    gpu       NIQE in batches and pyiqa's loop on the same GPU, both from pixels that are there
              already, and both from pixels in host memory.

pyiqa's own weights are found through TORCH_HOME.
"""

import csv
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import report

from iqmetrics.images import Picture, open_picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load
from iqmetrics.scorers.brisque import Brisque
from iqmetrics.scorers.niqe import Niqe
from iqmetrics.scorers.piqe import Piqe

SHARED = Path(__file__).resolve().parents[2] / "shared"
SIDE = 1024
Figures = dict[str, float | int | str]


def accuracy(folder: Path) -> tuple[Figures, dict[str, str]]:
    """Differences from the official values (ResultsCalibra of IQA-PyTorch) and pyiqa's PIQE."""
    import pyiqa

    with (folder / "results_official.csv").open(encoding="utf-8") as file:
        table = {row.pop("Method"): row for row in csv.DictReader(file)}
    names = list(table["niqe"])
    pictures = [_open(folder / "dist" / name) for name in names]
    ours = {s.name: [r.values[s.name] for r in s.score(pictures)] for s in _scorers("cpu")}
    off = {
        metric: {n: v - float(table[metric][n]) for n, v in zip(names, values, strict=True)}
        for metric, values in ours.items()
    }
    relative = {n: abs(d) / float(table["niqe"][n]) for n, d in off["niqe"].items()}
    peer = pyiqa.create_metric("piqe", device="cpu")
    theirs = [float(peer(str(folder / "dist" / name))) for name in names]
    figures: Figures = {
        "niqe_max_rel_error": max(relative.values()),
        "niqe_max_abs_error_i04_i06": max(abs(off["niqe"][f"I0{k}.bmp"]) for k in (4, 6)),
        "brisque_max_abs_error_i03_i04_i06": max(
            abs(off["brisque"][f"I0{k}.bmp"]) for k in (3, 4, 6)
        ),
        "brisque_max_abs_error_i08_i19": max(
            abs(off["brisque"][n]) for n in ("I08.bmp", "I19.bmp")
        ),
        "piqe_max_abs_error_vs_pyiqa": max(
            abs(a - b) for a, b in zip(ours["piqe"], theirs, strict=True)
        ),
    }
    return figures, {
        "accuracy": "I03 I04 I06 I08 I19; I08 and I19 hold exactly flat areas, where the official "
        "program counts the signs of rounding residue and ours sets them to zero"
    }


def cpu(paths: list[Path], rounds: int) -> tuple[Figures, dict[str, str]]:
    """Seconds an image of both on the CPU, decoding included."""
    import pyiqa
    import torch

    scorers = _scorers("cpu")
    start = time.perf_counter()
    for scorer in scorers:
        scorer.score([_open(paths[0])])
    first = time.perf_counter() - start
    peers = {name: pyiqa.create_metric(name, device="cpu") for name in ("niqe", "brisque", "piqe")}

    def ours() -> list[list[float]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pictures = list(pool.map(_open, paths))
        return [[r.values[s.name] for r in s.score(pictures)] for s in scorers]

    def theirs() -> list[list[float]]:
        return [[float(peer(str(path))) for path in paths] for peer in peers.values()]

    for peer in peers.values():
        peer(str(paths[0]))
    (a, values), (b, peer_values) = _in_turns([ours, theirs], rounds, warm=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # waiting threads would be counted as work
    work, peer_work = _processor_seconds(ours), _processor_seconds(theirs)
    torch.set_num_threads(threads)
    n = len(paths)
    pictures = [_open(path) for path in paths]
    apart = {
        s.name: _processor_seconds(lambda s=s: s.score(_fresh(pictures)))  # type: ignore[misc]
        for s in scorers
    }
    apart["decode"] = _processor_seconds(lambda: [_open(path) for path in paths])
    pairs = [list(zip(*both, strict=True)) for both in zip(values, peer_values, strict=True)]
    figures: Figures = {
        "quality_speedup_cpu": min(b / a, peer_work / work),
        "quality_speedup_cpu_wall": b / a,
        "quality_speedup_cpu_processor_time": peer_work / work,
        "quality_processor_ms_per_image": 1e3 * work / n,
        "pyiqa_processor_ms_per_image": 1e3 * peer_work / n,
        "quality_first_call_s": first,
        **{f"{name}_processor_ms": 1e3 * s / n for name, s in apart.items()},
        "niqe_max_rel_difference_vs_pyiqa_1024": max(abs(x / y - 1) for x, y in pairs[0]),
        "brisque_max_abs_difference_vs_pyiqa_1024": max(abs(x - y) for x, y in pairs[1]),
        "piqe_max_abs_difference_vs_pyiqa_1024": max(abs(x - y) for x, y in pairs[2]),
    }
    return figures, {
        "quality_speedup_cpu": "the smaller of the two ratios below: on a busy machine the wall "
        "clock flatters us, because pyiqa's threads wait for each other",
        "quality_speedup_cpu_wall": f"{n} real {SIDE} x {SIDE} PNGs, {rounds} round(s) in turns, "
        "medians; both sides decode with their own documented call and may use every core; load "
        f"average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        "quality_speedup_cpu_processor_time": "the same pictures, seconds of processor time, "
        "torch on one thread: depends little on what else runs",
        "piqe_max_abs_difference_vs_pyiqa_1024": "pyiqa computes local contrast in float32, which "
        "moves a few nearly flat blocks over a threshold; with the same formula in float64 it "
        "agrees to 1e-10",
        "quality_first_call_s": "first picture of a process, machine code on disk already",
    }


def gpu(paths: list[Path], rounds: int) -> tuple[Figures, dict[str, str]]:
    """Seconds an image of NIQE on one GPU, ours in batches and pyiqa's loop."""
    import pyiqa
    import torch

    niqe = Niqe()
    load(niqe, "cuda")
    peer = pyiqa.create_metric("niqe", device="cuda")
    pictures = [_open(path) for path in paths]
    stack = torch.from_numpy(np.stack([p.pixels for p in pictures])).cuda()
    tensors = [(rgb.permute(2, 0, 1)[None].float() / 255).contiguous() for rgb in stack]
    host = [p.pixels.copy() for p in pictures]

    def there() -> list[float]:
        found = [
            value for k in range(0, len(stack), 64) for value, _ in niqe.batch(stack[k : k + 64])
        ]
        torch.cuda.synchronize()
        return found

    def peer_there() -> list[float]:
        return [float(peer(t)) for t in tensors]

    def from_host() -> list[float]:
        return [r.values["niqe"] for r in niqe.score(pictures)]

    def peer_from_host() -> list[float]:
        found = []
        for rgb in host:
            tensor = torch.from_numpy(rgb).cuda().permute(2, 0, 1)[None].float() / 255
            found.append(float(peer(tensor)))
        return found

    timed = _in_turns([there, peer_there, from_host, peer_from_host], rounds)
    (a, values), (b, peer_values), (c, _), (d, _) = timed
    n = len(paths)
    pairs = zip(
        _values(_scorers("cuda"), pictures), _values(_scorers("cpu"), pictures), strict=True
    )
    figures: Figures = {
        "niqe_speedup_gpu": b / a,
        "niqe_speedup_gpu_from_host": d / c,
        "niqe_gpu_images_per_s": n / a,
        "niqe_gpu_images_per_s_from_host": n / c,
        "pyiqa_niqe_gpu_images_per_s": n / b,
        "quality_max_rel_gpu_vs_cpu": max(abs(x / y - 1) for x, y in pairs),
        "niqe_median_rel_difference_vs_pyiqa_gpu": statistics.median(
            abs(x / y - 1) for x, y in zip(values, peer_values, strict=True)
        ),
    }
    card = f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    return figures, {
        "niqe_speedup_gpu": f"{card}: {n} decoded {SIDE} x {SIDE} pictures already on the GPU, "
        f"{rounds} rounds in turns, medians",
        "niqe_speedup_gpu_from_host": f"{card}: the same from pixels in host memory",
        "quality_max_rel_gpu_vs_cpu": f"{card}: niqe, brisque and piqe, Triton against numba",
    }


def _scorers(device: str) -> list[Any]:
    scorers = [Niqe(), Brisque(), Piqe()]
    for scorer in scorers:
        load(scorer, device)
    return scorers


def _values(scorers: list[Any], pictures: list[Picture]) -> list[float]:
    return [r.values[s.name] for s in scorers for r in s.score(_fresh(pictures))]


def _open(path: Path) -> Picture:
    return open_picture(ImageRecord(path.name, str(path)))


def _fresh(pictures: list[Picture]) -> list[Picture]:
    return [Picture(p.record, p.pixels) for p in pictures]


def _processor_seconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def _in_turns(
    calls: list[Callable[[], Any]], rounds: int, warm: bool = True
) -> list[tuple[float, Any]]:
    """Median seconds and last answer of each call; `warm`: after one unmeasured round."""
    answers: list[Any] = [call() if warm else None for call in calls]
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for k, call in enumerate(calls):
            start = time.perf_counter()
            answers[k] = call()
            times[k].append(time.perf_counter() - start)
    return [(statistics.median(t), answer) for t, answer in zip(times, answers, strict=True)]


def _square(folder: Path, limit: int) -> list[Path]:
    from PIL import Image

    found = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            if image.size == (SIDE, SIDE):
                found.append(path)
    if not found:
        raise SystemExit(f"no {SIDE} x {SIDE} PNG in {folder}")
    return (found * (limit // len(found) + 1))[:limit] if limit > len(found) else found[:limit]


def main() -> None:
    """Run the parts and merge their figures."""
    parser = report.arguments(__doc__.split("\n", 1)[0])
    parser.add_argument("--images", type=Path, default=SHARED / "images" / "comfyui")
    parser.add_argument("--calibration", type=Path, default=SHARED / "reference/iqa_calibration")
    parser.add_argument("--only", nargs="+", choices=["accuracy", "cpu", "gpu"])
    parser.add_argument(
        "--limit", type=int, default=12, help="pictures; repeated when there are fewer"
    )
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    os.environ.setdefault("TORCH_HOME", str(SHARED / "reference" / "torch_home"))
    import torch

    parts = asked.only or ["accuracy", "cpu", *(["gpu"] if torch.cuda.is_available() else [])]
    figures: Figures = {}
    notes: dict[str, str] = {}
    for part in parts:
        if part == "accuracy":
            more, said = accuracy(asked.calibration)
        else:
            paths = _square(asked.images, asked.limit)
            more, said = (cpu if part == "cpu" else gpu)(paths, asked.rounds)
        figures |= more
        notes |= said
    packages = ("numpy", "numba", "torch", "pyiqa", "pillow", "triton")
    report.write(asked.json, figures, notes, packages)


if __name__ == "__main__":
    main()
