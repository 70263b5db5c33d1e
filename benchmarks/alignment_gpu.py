"""The GPU part of alignment.py: clip and musiq from PNG files to numbers, and their ceilings."""

import time
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from PIL import Image

from benchmarks.alignment_parts import PROMPTS, cosines, timed, to_chw
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load
from iqmetrics.scorers.clip import Clip
from iqmetrics.scorers.pyiqa_metric import PyiqaMetric
from iqmetrics.workers import decode_all


def records(folder: Path, count: int) -> list[ImageRecord]:
    paths = sorted(folder.glob("*.png"))
    return [
        ImageRecord(f"{i}.png", str(paths[i % len(paths)]), prompt=PROMPTS[i // 4 % len(PROMPTS)])
        for i in range(count)
    ]


def feed(found: list[ImageRecord], scorer: Any, size: int = 16) -> None:
    """Decode and score, as the engine does it."""
    stream = decode_all(found, workers=16)
    while batch := [p for _, p in islice(stream, size)]:
        scorer.score([p for p in batch if isinstance(p, Picture)])


def gpu(figures: dict[str, float], notes: dict[str, str], images: Path, count: int) -> None:
    """Ceilings (decoding alone, forward alone) and the whole way from PNG files to scores."""
    found = records(images, count)
    started = time.perf_counter()
    for _ in decode_all(found[:64], workers=16):
        pass
    decode = count / timed(lambda: [None for _ in decode_all(found, workers=16)], 2)
    figures["gpu_decode_images_per_s"] = decode
    print("decode", decode, time.perf_counter() - started, flush=True)
    for arch, key in (("ViT-B-32", "vit_b_32"), ("ViT-L-14", "vit_l_14")):
        clip_gpu(figures, arch, key, found, decode)
        torch.cuda.empty_cache()
    notes["gpu_half_gap"] = "cosine in float16 against float32 on the same GPU, largest difference"
    notes["gpu"] = f"{count} PNG of about 1 megapixel, 16 decoding workers, float16"
    musiq_gpu(figures, notes, found)
    print("musiq", time.perf_counter() - started, flush=True)


def clip_gpu(
    figures: dict[str, float], arch: str, key: str, found: list[ImageRecord], decode: float
) -> None:
    """One architecture: forward ceiling, the whole way, and what half precision changes."""
    import open_clip

    from iqmetrics.nets import clip

    with torch.device("cuda"):
        torch.manual_seed(0)
        model = open_clip.create_model(arch)
    parts = model.eval(), open_clip.get_tokenizer(arch)
    shown = [p for _, p in decode_all(found[:32], workers=16) if isinstance(p, Picture)]
    sharp = gpu_values(model, parts[1], shown)
    with patch.object(clip, "_build", return_value=parts):
        encoder = clip.Encoder(clip.Source(f"local-dir:{arch}", arch=arch), "cuda")
    scorer = Clip(model=f"local-dir:{arch}")
    object.__setattr__(scorer, "encoder", encoder)
    pixels = torch.randint(0, 256, (256, 3, 224, 224), device="cuda").float()
    encoder.encode_pixels(pixels)
    forward = 256 * 8 / timed(lambda: [encoder.encode_pixels(pixels) for _ in range(8)])
    feed(found[:32], scorer)
    whole = len(found) / timed(lambda: feed(found, scorer), 2)
    half = cosines(scorer, shown)
    gap = max(abs(a - b) for a, b in zip(half, sharp, strict=True)) / 100
    figures |= {
        f"gpu_forward_images_per_s_{key}": forward,
        f"gpu_images_per_s_{key}": whole,
        f"gpu_efficiency_{key}": whole / min(decode, forward),
        f"gpu_half_gap_{key}": gap,
    }
    print(arch, forward, whole, gap, flush=True)


def gpu_values(model: Any, tokenizer: Any, shown: list[Picture]) -> list[float]:
    """Scores in float32 with open_clip's own preprocessing."""
    from open_clip.transform import PreprocessCfg, image_transform_v2

    look = image_transform_v2(PreprocessCfg(), is_train=False)
    batch = torch.stack([look(Image.fromarray(p.pixels)) for p in shown]).cuda()
    text = tokenizer([p.record.prompt for p in shown]).cuda()
    with torch.no_grad():
        cosine = torch.cosine_similarity(model.encode_image(batch), model.encode_text(text))
    return [100 * float(v) for v in cosine]


def musiq_gpu(figures: dict[str, float], notes: dict[str, str], found: list[ImageRecord]) -> None:
    """pyiqa's loop over files against ours, and both from decoded pictures."""
    import pyiqa

    from iqmetrics.nets import pyiqa_build

    torch.manual_seed(0)
    device = torch.device("cuda")
    reference = pyiqa.create_metric("musiq", device=device, pretrained=False)
    torch.manual_seed(0)
    built = pyiqa.create_metric("musiq", device=device, pretrained=False)
    scorer = PyiqaMetric()
    with (
        patch.object(pyiqa_build, "build", return_value=built),
        patch("iqmetrics.scorers.pyiqa_metric.weights.find"),
    ):
        load(scorer, "cuda")
    few = found[:24]
    shown = [p for _, p in decode_all(few, workers=16) if isinstance(p, Picture)]

    def their_files() -> None:
        for record in few:
            reference(record.path).item()

    def their_decoded() -> None:
        for p in shown:
            reference(to_chw(p)[None].cuda().float() / 255).item()

    their_files()
    scorer.score(shown)
    files = len(few) / timed(their_files, 1)
    decoded = len(few) / timed(their_decoded, 2)
    half = [r.values["musiq"] for r in scorer.score(shown)]
    sharp = [float(reference(to_chw(p)[None].cuda().float() / 255)) for p in shown]
    mine_decoded = len(shown) * 4 / timed(lambda: [scorer.score(shown) for _ in range(4)], 2)
    mine = len(found) / timed(lambda: feed(found, scorer), 1)
    figures |= {
        "gpu_images_per_s_musiq": mine,
        "gpu_images_per_s_musiq_decoded": mine_decoded,
        "pyiqa_images_per_s_gpu": files,
        "pyiqa_images_per_s_gpu_decoded": decoded,
        "musiq_speedup_gpu": mine / files,
        "musiq_speedup_gpu_decoded": mine_decoded / decoded,
        "musiq_half_gap_gpu": max(abs(a - b) / abs(b) for a, b in zip(half, sharp, strict=True)),
    }
    notes["musiq_speedup_gpu"] = "from PNG files to numbers: pyiqa's loop over paths against ours"
    notes["musiq_speedup_gpu_decoded"] = "both from decoded pictures in memory"
