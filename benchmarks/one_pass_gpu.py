"""One pass on GPUs: what decoding and the nets alone could do, and what a whole run does.

    python benchmarks/one_pass_gpu.py --images FOLDER --count 16000 --json results/scale.json

`--images` holds PNGs of 1024 x 1024; they are repeated to `--count` files that differ by a comment,
as PNG and as JPEG (quality 92). A quarter of them are lettered with two strings that their prompts
ask for; `--write-letters` makes the masks of the letters, where the fonts are. Scorers: clip
(ViT-L-14), musiq, niqe, grain, face, hands, text; CLIP and MUSIQ with random weights.
Where two GPUs are measured too, one alone is given half of the files: as many as each of the two.
`--device cpu` tries all of it without a GPU.
"""

import json
import os
import shutil
import struct
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import gpu_parts
import numpy as np
import report
import run_samples
from clip_peers import save_random
from one_pass_parts import squares
from PIL import Image

import iqmetrics
from iqmetrics.images import Picture
from iqmetrics.nets import stacks
from iqmetrics.pipeline import one_process, shards
from iqmetrics.records import ImageRecord
from iqmetrics.scorers import base
from iqmetrics.workers import decode_all

NAMES = ("niqe", "clip", "musiq", "grain", "face", "hands", "text")
LETTERED = 4
"""One image in so many asks for text."""
WARM, FED = 0.25, 0.85
"""A rate is that of the images between these shares of a run: processes start their nets at
different times, and at the end they score what was decoded ahead, on cores that decode no more. An
image counts when all scorers are done with its batch."""
ENDS = (("png", ""), ("jpeg", "_jpeg"))
"""What the figures of a kind of file end with."""
Figures = dict[str, float | int | str]


class Pace:
    """A progress listener that remembers when how many images were scored."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []
        self.stage = ""

    def start(self, stage: str, total: int) -> None:
        """A stage begins."""
        self.stage = stage

    def advance(self, count: int = 1) -> None:
        """So many more."""
        if self.stage == "scoring":
            before = self.seen[-1][1] if self.seen else 0
            self.seen.append((time.perf_counter(), before + count))

    def finish(self) -> None:
        """The stage is over: the tables of what was scored come next."""
        if self.stage == "scoring" and self.seen:
            self.seen.append((time.perf_counter(), self.seen[-1][1]))

    def each_second(self) -> list[int]:
        """Images done in every second since the first."""
        begun, last, found = self.seen[0][0], 0, [0]
        for at, count in self.seen:
            second = int(at - begun)
            found += [0] * (second + 1 - len(found))
            found[second] += count - last
            last = count
        return found

    def rate(self) -> float:
        """Images a second that can go on: see `WARM`.

        Raises:
            ValueError: too few were done.
        """
        whole = self.seen[-1][1]
        first, last = (next(s for s in self.seen if s[1] >= x * whole) for x in (WARM, FED))
        if first == last:
            raise ValueError(f"{whole} images are too few for a rate")
        return (last[1] - first[1]) / (last[0] - first[0])


def write_letters(folder: Path, count: int) -> None:
    """Masks of pairs of strings as PNG, and the strings: needs the fonts of the text ladders."""
    from validity import text_render as render

    texts = render.letterings(render.TEXTS_EN)
    strings = []
    for k in range(count):
        pair = texts[k % len(texts)], texts[(k + 5) % len(texts)]
        strings.append([one.text for one in pair])
        for n, (one, size) in enumerate(zip(pair, (72, 40), strict=True)):
            mask = render.mask(one.text, one.font, size)
            path = folder / f"mask_{k}_{n}.webp"
            Image.fromarray(mask).save(path, lossless=True)
    (folder / "letters.json").write_text(json.dumps(strings))


def lettered(path: Path, k: int) -> tuple[Any, list[str]]:
    """A picture with two strings on it, white, with a dark edge below."""
    strings = json.loads((path.parent / "letters.json").read_text())
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(np.float32)
    for n, y in enumerate((160, 760)):
        mask = np.asarray(Image.open(path.parent / f"mask_{k}_{n}.webp").convert("L"))
        high, wide = mask.shape
        for move, value in ((3, 0.0), (0, 255.0)):
            part = pixels[y + move : y + move + high, 60 + move : 60 + move + wide]
            share = mask[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
            part[:] = value * share + part * (1 - share)
    return pixels.astype(np.uint8), strings[k]


def with_comment(data: bytes, number: int) -> bytes:
    """The same picture as another file: a comment in a chunk (PNG) or segment (JPEG) of its own."""
    said = f"copy {number:07}".encode()
    if data[:2] == b"\xff\xd8":
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(said) + 2) + said + data[2:]
    body = b"tEXtComment\0" + said
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def make(sources: Sequence[Path], root: Path, count: int, wanted: Iterable[str]) -> dict[str, Path]:
    """Folders of the `wanted` kinds with `count` files each and a prompt beside each."""
    plain = [Path(s).read_bytes() for s in sources]
    made = [lettered(s, k) for k, s in enumerate(sources)]
    kinds: dict[str, list[bytes]] = {kind: [] for kind in wanted}
    told = []
    for k, (pixels, strings) in enumerate(made):
        image = Image.open(sources[k]).convert("RGB")
        for shown, words in ((image, []), (Image.fromarray(pixels), strings)):
            if "png" in kinds:
                kinds["png"].append(plain[k] if not words else _encoded(shown, "PNG", {}))
            if "jpeg" in kinds:
                kinds["jpeg"].append(_encoded(shown, "JPEG", {"quality": 92}))
            asked = " and ".join(f'"{w}"' for w in words)
            told.append(f"photograph {k}" + (f" with the words {asked}" if words else ""))
    folders = {}
    for kind, files in kinds.items():
        folders[kind] = root / kind
        folders[kind].mkdir()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(partial(_write, files, told, folders[kind]), range(count)))
    return folders


def _encoded(image: Image.Image, kind: str, options: dict[str, int]) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _write(files: list[bytes], told: list[str], folder: Path, number: int) -> None:
    which = 2 * (number % (len(files) // 2)) + (number % LETTERED == 0)
    end = "jpg" if files[which][:2] == b"\xff\xd8" else "png"
    (folder / f"{number:07}.{end}").write_bytes(with_comment(files[which], number))
    (folder / f"{number:07}.txt").write_text(f"{told[which]}, take {number // 4}", "utf-8")


def preset(folder: Path, arch: str) -> Path:
    """The scorers with random weights where they need some."""
    import pyiqa
    from safetensors.torch import save_file

    clip = save_random(arch, folder / "clip")
    musiq = pyiqa.create_metric("musiq", device="cpu", pretrained=False)
    save_file(musiq.net.state_dict(), folder / "musiq.safetensors")
    options = {
        "clip": f'{{ model = "local-dir:{clip}" }}',
        "musiq": f'{{ file = "{folder / "musiq.safetensors"}" }}',
    }
    text = 'about = "speed"\n'
    for name in NAMES:
        text += f'[[scorer]]\nname = "{name}"\n'
        text += f"options = {options[name]}\n" if name in options else ""
    (folder / "speed.preset.toml").write_text(text)
    return folder / "speed.preset.toml"


def decode_ceiling(folder: Path, count: int, device: str) -> float:
    """Images a second when nothing is done with them, one decoding process a core, as in a run."""
    files = sorted(p for p in folder.iterdir() if p.suffix != ".txt")[:count]
    records = [ImageRecord(f.name, str(f)) for f in files]
    pace = Pace()
    pace.start("scoring", len(files))
    for _, picture in one_process.decode(records, None, device):
        assert isinstance(picture, Picture)
        pace.advance()
    return pace.rate()


def forwards(
    preset: Path, folder: Path, device: str, batch: int
) -> tuple[Figures, Counter[str], str]:
    """What each scorer costs, alone on the GPU: see `gpu_parts.measure`.

    `gpu_rows_kernel_ms` is what the last step of decoding takes there, of a PNG.
    """
    from iqmetrics import presets

    records, _ = iqmetrics_records(folder, batch)
    decoded = [p for _, p in decode_all(records) if isinstance(p, Picture)]
    scorers = {choice.name: choice.build() for choice in presets.load(str(preset)).scorers}
    for scorer in scorers.values():
        base.load(scorer, device)
    found, kernels, told = gpu_parts.measure(scorers, decoded, device)
    for _ in range(2):  # the first time it is compiled
        sent = [p for _, p in one_process.decode(iter(records), None, device)]
        late = [p for p in sent if isinstance(p, Picture) and p.late]
        seconds, table = gpu_parts.kernel_seconds(partial(stacks.send, late, device), device)
    found["gpu_rows_kernel_ms"] = 1e3 * seconds / max(1, len(late))
    return found, kernels, f"{told}\n=== rows of {len(late)}\n{table}"


def iqmetrics_records(folder: Path, count: int) -> tuple[list[ImageRecord], Any]:
    """Some records with their prompts."""
    from iqmetrics.metadata import read_folder

    records, found = read_folder(folder)
    return records[:count], found


def _gpu_machine(count: str = "") -> str:
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return f"{count}{gpu}, {report.this_machine()}"


def run(*asked: Any) -> tuple[float, float]:
    """`measured` in a process of its own: which GPUs are seen is settled once a process."""
    fresh = get_context("spawn")
    with ProcessPoolExecutor(1, fresh) as pool:
        return pool.submit(measured, *asked).result()


def measured(
    folder: Path, count: int, preset: Path, device: str, gpus: str, each: int, samples: bool = False
) -> tuple[float, float]:
    """(images a second once it runs, seconds of the whole call) of `count` into a new store."""
    os.environ["CUDA_VISIBLE_DEVICES"] = gpus
    shards.PER_GPU = each
    pace = Pace()
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as places:
        with run_samples.sampled(Path(places)) if samples else nullcontext():
            start = time.perf_counter()
            result = iqmetrics.score(
                folder, str(preset), out=out, device=device, progress=pace, limit=count
            )
            seconds = time.perf_counter() - start
        print("images done each second:", *pace.each_second())
        if samples:
            print(run_samples.told(Path(places)), flush=True)
        statuses = Counter(s for r in result.scorecard.rows for s in r.coverage)
        assert not statuses["failed"] and not statuses["unavailable"], statuses
    return pace.rate(), seconds


def main() -> None:
    """Measure part by part; every part is written as soon as it is there."""
    parser = report.arguments(__doc__.split("\n", 1)[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--count", type=int, default=16000)
    parser.add_argument("--arch", default="ViT-L-14")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--each", type=int, nargs="+", default=[8], help="processes for one GPU")
    parser.add_argument("--cores", type=int, default=16, help="cores for each GPU")
    parser.add_argument("--only", nargs="+", default=["decode", "run", "two", "forward"])
    parser.add_argument("--kinds", nargs="+", default=["png", "jpeg"])
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--seconds", type=float, default=1e9, help="start no part after so long")
    parser.add_argument("--details", type=Path, help="where to write which kernels and functions")
    parser.add_argument("--samples", action="store_true", help="tell what processes are at")
    parser.add_argument("--write-letters", action="store_true")
    asked = parser.parse_args()
    if asked.write_letters:
        write_letters(asked.images, len(squares(asked.images, asked.side)))
        return
    every = sorted(os.sched_getaffinity(0))
    root = Path(tempfile.mkdtemp(prefix="iqm-gpu-"))
    begun = time.perf_counter()
    figures: Figures = {}
    notes: dict[str, str] = {}

    def part(name: str, call: Callable[[], Figures]) -> None:
        if time.perf_counter() - begun > asked.seconds:
            notes[name] = "not measured: no time was left"
            return
        try:
            figures.update(call())
        except Exception:
            notes[name] = f"not measured: {traceback.format_exc()[-1500:]}"
        took = time.perf_counter() - begun
        print(f"{took:6.1f} s  {name}: {json.dumps(figures)} {notes.get(name, '')}", flush=True)
        report.write(asked.json, figures, notes, ("torch", "numpy", "open_clip_torch", "pyiqa"))

    try:
        sources, wanted = squares(asked.images, asked.side), {"png", *asked.kinds}
        folders = make(sources, root, asked.count, wanted)
        chosen = preset(root, asked.arch)
        os.sched_setaffinity(0, every[: asked.cores])
        best: dict[str, float] = {}

        def alone(kind: str, each: int) -> Figures:
            count = asked.count // 2 if "two" in asked.only else asked.count
            of = folders[kind], count, chosen
            rate, seconds = run(*of, asked.device, "0", each, asked.samples)
            best[kind] = max(rate, best.get(kind, 0.0))
            return {f"gpu_images_per_s_{kind}": best[kind], f"gpu_run_s_{kind}_x{each}": seconds,
                    "gpu_machine": _gpu_machine(),
                    f"gpu_images_per_s_{kind}_x{each}": rate}  # fmt: skip

        def together() -> Figures:
            os.sched_setaffinity(0, every[: 2 * asked.cores])
            of = folders["png"], asked.count, chosen
            rate, seconds = run(*of, asked.device, "0,1", asked.each[0])
            return {"two_gpu_images_per_s_png": rate, "two_gpu_run_s_png": seconds,
                    "two_gpu_machine": _gpu_machine("2 x "),
                    "two_gpu_speedup": rate / best["png"]}  # fmt: skip

        def nets() -> Figures:
            os.sched_setaffinity(0, every[: asked.cores])
            found, kernels, told = forwards(chosen, folders["png"], asked.device, asked.batch)
            if asked.details:
                asked.details.write_text(told)
            return {**found, "gpu_forward_ceiling": 1e3 / sum(kernels.values())}

        if "decode" in asked.only:
            for kind, end in [(k, e) for k, e in ENDS if k in asked.kinds]:
                ceiling = partial(
                    decode_ceiling, folders[kind], min(asked.count, 3000), asked.device
                )
                part(f"decode {kind}", lambda c=ceiling, e=end: {f"gpu_decode_ceiling{e}": c()})  # type: ignore[misc]
        for each in asked.each if "run" in asked.only else ():
            for kind in asked.kinds:
                part(f"run {kind} x{each}", partial(alone, kind, each))
        if "two" in asked.only:
            part("two gpus", together)
        if "forward" in asked.only:
            part("forward", nets)
        for kind, end in ENDS:
            limits = [figures.get(f"gpu_decode_ceiling{end}"), figures.get("gpu_forward_ceiling")]
            if kind in best and all(limits):
                figures[f"gpu_efficiency{end}"] = best[kind] / min(float(x or 0) for x in limits)
        part("efficiency", dict)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
