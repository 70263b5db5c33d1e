"""Speed of `grain` at 1024 x 1024: one CPU thread, and batches on a GPU where there is one.

    python benchmarks/grain_speed.py --json benchmarks/results/grain.json

CPU: processor time of one thread, the least of 15 runs (other work on the machine only adds).
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


def picture(rng: np.random.Generator) -> np.ndarray:
    """A smooth scene with grain: timing does not depend on what is in it."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    scene = 128 + 60 * np.sin(5 * x + 3 * y)[..., None]
    return np.clip(scene + rng.normal(0, 4, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def cpu(pixels: np.ndarray) -> float:
    torch.set_num_threads(1)
    scorer = Grain(faces=False)
    scorer.load("cpu")
    best = float("inf")
    for _ in range(15):
        one = Picture(ImageRecord("x", "x"), pixels.copy())
        start = time.process_time()
        scorer.score([one])
        best = min(best, time.process_time() - start)
    return best * 1e3


def gpu(pixels: np.ndarray) -> dict[str, float]:
    host = torch.from_numpy(np.stack([pixels] * BATCH)).pin_memory()
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

    def from_host() -> None:
        found, _ = measure(host.cuda(non_blocking=True))
        {key: value.cpu() for key, value in found.items()}

    with torch.inference_mode():
        figures = {
            "images_per_s_gpu": rate(from_host),
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
    pixels = picture(np.random.default_rng(0))
    notes = {"ms_per_image_cpu": "1024 x 1024, one thread, processor time, least of 15 runs"}
    machine = ""
    if torch.cuda.is_available():
        figures = gpu(pixels)
        machine = torch.cuda.get_device_name()
        notes = {"images_per_s_gpu": f"{machine}, batches of {BATCH}, copies to and fro included"}
        figures = {k: round(v) if v > 10 else float(f"{v:.2g}") for k, v in figures.items()}
    else:
        figures = {"ms_per_image_cpu": round(cpu(pixels), 2)}
    report.write(given.json, figures, notes, ("iqmetrics", "numpy", "torch"), machine)


if __name__ == "__main__":
    main()
