"""Decoding speed of whole files into RGB arrays, by decoder; and of the worker processes.

    python benchmarks/decode.py --images FOLDER --json benchmarks/results/decode.json

`png_*` and `jpeg_*`: images a second of processor time on one core (PNGs as found, 8-bit RGB;
JPEGs of quality 90 made from them). `*_max_difference`: how far a value is from Pillow's.
`iqmetrics_quick` is how many files are decoded, `iqmetrics_rows` how they are for a GPU, which
finishes them; `workers_*`: wall images a second of `decode_all`.
A package that is absent is left out.
"""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import report
from PIL import Image

from iqmetrics.decode import Decoded, decode
from iqmetrics.png_rows import Rows
from iqmetrics.records import ImageRecord
from iqmetrics.workers import decode_all

Decode = Callable[[bytes], "np.ndarray | Decoded"]
SHARED = Path(__file__).resolve().parents[2] / "shared"


def by_pillow(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)))


def decoders(kind: str) -> dict[str, Decode]:
    """Whatever of them is installed."""
    found: dict[str, Decode] = {
        "pillow": by_pillow,
        "iqmetrics": lambda d: decode(d).pixels,
        "iqmetrics_quick": lambda d: decode(d, quick=True).pixels,
    }
    if kind == "png":
        found["iqmetrics_rows"] = lambda d: decode(d, quick=True, rows=True)
    try:
        import cv2

        cv2.setNumThreads(1)
        how = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
        found["cv2"] = lambda d: cv2.imdecode(np.frombuffer(d, np.uint8), how)
    except ImportError:
        pass
    try:
        import torch
        from torchvision.io import ImageReadMode, decode_image

        torch.set_num_threads(1)

        def by_torchvision(data: bytes) -> np.ndarray:
            tensor = decode_image(
                torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB
            )
            return tensor.permute(1, 2, 0).contiguous().numpy()

        found["torchvision"] = by_torchvision
    except ImportError:
        pass
    try:
        import imagecodecs

        found["imagecodecs"] = {"png": imagecodecs.spng_decode, "jpeg": imagecodecs.jpeg8_decode}[
            kind
        ]
    except ImportError:
        pass
    try:
        import pyvips

        pyvips.cache_set_max(0)
        found["pyvips"] = lambda d: pyvips.Image.new_from_buffer(d, "").numpy()
    except (ImportError, OSError):
        pass
    return found


def finished(made: "np.ndarray | Decoded") -> np.ndarray:
    """The pixels, of rows whose filters were left on as well."""
    if isinstance(made, Decoded):
        return Rows(made.pixels).pixels() if made.filtered else made.pixels
    return made


def speeds(kind: str, files: list[bytes], rounds: int) -> dict[str, float | int | str]:
    """Best of the rounds, decoders in turns."""
    named, best = decoders(kind), {}
    for _ in range(rounds):
        for name, run in named.items():
            start = time.process_time()
            for data in files:
                run(data)
            best[name] = min(best.get(name, 1e9), time.process_time() - start)
    figures: dict[str, float | int | str] = {}
    for name, run in named.items():
        figures[f"{kind}_{name}_img_s"] = len(files) / best[name]
        apart = [np.abs(finished(run(d)).astype(int) - by_pillow(d)).max() for d in files]
        figures[f"{kind}_{name}_max_difference"] = int(max(apart))
    return figures


def by_workers(paths: list[Path], workers: int | str, rounds: int) -> float:
    """Wall images a second once the workers run."""
    records = [ImageRecord(p.name, str(p)) for _ in range(rounds) for p in paths]
    opened = decode_all(records, workers=workers)  # type: ignore[arg-type]
    next(opened)
    start, count = time.perf_counter(), 0
    for _ in opened:
        count += 1
    return count / (time.perf_counter() - start)


def main() -> None:
    """Measure and write."""
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--images", type=Path, default=SHARED / "images" / "comfyui")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    paths = []
    for path in sorted(options.images.rglob("*.png")):
        with Image.open(path) as image:
            if image.mode == "RGB" and image.width * image.height > 500_000:
                paths.append(path)
    paths = paths[:16]
    pngs = [path.read_bytes() for path in paths]
    jpegs = []
    for data in pngs:
        out = io.BytesIO()
        Image.open(io.BytesIO(data)).save(out, "JPEG", quality=90)
        jpegs.append(out.getvalue())
    figures = speeds("png", pngs, options.rounds) | speeds("jpeg", jpegs, options.rounds)
    with TemporaryDirectory() as folder:
        again = [Path(folder, f"{k}.jpg") for k in range(len(jpegs))]
        for path, data in zip(again, jpegs, strict=True):
            path.write_bytes(data)
        for workers in (1, 2, "threads"):
            figures[f"workers_{workers}_png_img_s"] = by_workers(paths, workers, 12)
            figures[f"workers_{workers}_jpeg_img_s"] = by_workers(again, workers, 24)
    megapixels = float(np.mean([np.prod(by_pillow(d).shape[:2]) for d in pngs]) / 1e6)
    notes = {
        "images": f"{len(pngs)} PNGs as text-to-image tools wrote them, mean {megapixels:.2f} MP"
    }
    packages = ("numpy", "pillow", "opencv-python-headless", "torchvision", "imagecodecs", "pyvips")
    report.write(options.json, figures, notes, packages)


if __name__ == "__main__":
    main()
