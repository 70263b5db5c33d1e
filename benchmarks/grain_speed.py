"""Speed of `grain` at 1024 x 1024: one CPU thread, and batches on a GPU where there is one.

    python benchmarks/grain_speed.py --json benchmarks/results/grain.json

CPU: processor time of one thread, the least of 15 runs (other work on the machine only adds).
Figures named _bare are of a picture without grain, which is looked at a second time.
Faces (`grain.face_ratio`) are found once for `face` and `grain`, and are not timed here.
GPU: images in pinned host memory -> results back on the host, copies included, decoding excluded.
"""

import time

import numpy as np
import report
import torch

from iqmetrics.images import Picture
from iqmetrics.nets.grain.read import measure
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.grain import Grain

SIDE, BATCH = 1024, 32


def picture(rng: np.random.Generator, sigma: float) -> np.ndarray:
    """A smooth scene with grain of this strength."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    scene = 128 + 60 * np.sin(5 * x + 3 * y)[..., None]
    return np.clip(scene + rng.normal(0, sigma, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def cpu(grainy: np.ndarray, bare: np.ndarray) -> dict[str, float]:
    torch.set_num_threads(1)
    scorer = Grain(faces=False)
    scorer.load("cpu")
    best = {"ms_per_image_cpu": float("inf"), "ms_per_image_cpu_bare": float("inf")}
    for _ in range(15):
        for name, pixels in zip(best, (grainy, bare), strict=True):
            one = Picture(ImageRecord("x", "x"), pixels.copy())
            start = time.process_time()
            scorer.score([one])
            best[name] = min(best[name], (time.process_time() - start) * 1e3)
    return best


def gpu(pixels: np.ndarray, bare: np.ndarray) -> dict[str, float]:
    host, empty = (torch.from_numpy(np.stack([p] * BATCH)).pin_memory() for p in (pixels, bare))
    device = host.cuda()
    scorer = Grain(faces=False, batch=BATCH)
    scorer.load("cuda")

    def rate(call, rounds: int = 40) -> float:
        for _ in range(5):
            call()
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(rounds):
            call()
        torch.cuda.synchronize()
        return rounds * BATCH / (time.perf_counter() - start)

    def from_host(some: torch.Tensor) -> None:
        found, _ = measure(some.cuda(non_blocking=True))
        {key: value.cpu() for key, value in found.items()}

    with torch.inference_mode():
        figures = {
            "images_per_s_gpu": rate(lambda: from_host(host)),
            "images_per_s_gpu_bare": rate(lambda: from_host(empty)),
            "images_per_s_gpu_resident": rate(lambda: measure(device)),
        }
    batch = [Picture(ImageRecord("x", "x"), pixels.copy()) for _ in range(BATCH)]
    figures["images_per_s_gpu_scorer"] = rate(lambda: scorer.score(batch), 10)
    cpu_scorer = Grain(faces=False)
    cpu_scorer.load("cpu")
    near, far = cpu_scorer.score(batch[:1])[0].values, scorer.score(batch)[0].values
    figures["gpu_cpu_difference"] = max(abs(far[k] - v) / max(1, abs(v)) for k, v in near.items())
    return figures


def main() -> None:
    given = report.arguments(__doc__).parse_args()
    pictures = [picture(np.random.default_rng(0), sigma) for sigma in (4, 0)]
    notes = {"ms_per_image_cpu": "1024 x 1024, one thread, processor time, least of 15 runs"}
    machine = ""
    if torch.cuda.is_available():
        figures = gpu(*pictures)
        machine = torch.cuda.get_device_name()
        notes = {"images_per_s_gpu": f"{machine}, batches of {BATCH}, copies to and fro included"}
        figures = {k: round(v) if v > 10 else float(f"{v:.2g}") for k, v in figures.items()}
    else:
        figures = {key: round(value, 2) for key, value in cpu(*pictures).items()}
    report.write(given.json, figures, notes, ("iqmetrics", "numpy", "torch"), machine)


if __name__ == "__main__":
    main()
