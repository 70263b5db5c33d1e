"""The GPU part of alignment.py: clip and musiq from PNG files to numbers, and their ceilings.

The whole way is the engine's own: its decoding processes, its batches, the scorers.
"""

from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from benchmarks.alignment_parts import PROMPTS, cosines, timed, to_chw
from iqmetrics.engines import local
from iqmetrics.engines.work import ImageWork, Outcomes
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load
from iqmetrics.scorers.clip import Clip
from iqmetrics.scorers.pyiqa_metric import PyiqaMetric
from iqmetrics.workers import decode_all

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
"""A CPU only serves to try the program out."""


def records(folder: Path, count: int) -> list[ImageRecord]:
    paths = sorted(folder.glob("*.png"))
    return [
        ImageRecord(f"{i}.png", str(paths[i % len(paths)]), prompt=PROMPTS[i // 4 % len(PROMPTS)])
        for i in range(count)
    ]


def opened(found: list[ImageRecord]) -> list[Picture]:
    return [p for _, p in decode_all(found) if isinstance(p, Picture)]


def decode_only(found: list[ImageRecord]) -> None:
    """Every picture decoded and let go; a file that cannot be decoded ends the benchmark."""
    assert sum(isinstance(p, Picture) for _, p in decode_all(found)) == len(found)


def feed(found: list[ImageRecord], scorer: Any) -> None:
    """From files to readings, by the engine; a reading without a value ends the benchmark."""
    works = {r.image: ImageWork(r, {scorer.name: b""}, b"") for r in found}
    answered = 0

    def save(outcomes: Outcomes) -> None:
        nonlocal answered
        for _, _, reading in outcomes:
            assert not reading.missing, reading
            answered += 1

    scorers = {scorer.name: scorer}
    local.run(decode_all(found), works, (), scorers, save, batch=local.BATCH[DEVICE])
    assert answered == len(found)


def gpu(figures: dict[str, float], notes: dict[str, str], images: Path, count: int) -> None:
    """Ceilings (decoding alone, forward alone) and the whole way from PNG files to scores."""
    found = records(images, count)
    decode_only(found[:64])
    for arch, key in (("ViT-L-14", "vit_l_14"), ("ViT-B-32", "vit_b_32")):
        clip_gpu(figures, arch, key, found)
    notes["gpu_half_gap"] = (
        "cosine in float16 from our pixels against float32 from open_clip's own preprocessing, on "
        "the same GPU, largest difference"
    )
    notes["gpu_pixels_unequal"] = "share of the net's input values that differ from Pillow's (by 1)"
    notes["gpu"] = (
        f"{count} reads of {len({r.path for r in found})} PNG files of 1024 x 1024, from files to "
        "readings through the engine and its decoding processes, one a core, float16. Efficiency "
        "is against the smaller ceiling: decoding alone, and the net alone (batches of 256 on the "
        "GPU); decoding alone and the whole way in turns, best of 3"
    )
    musiq_gpu(figures, notes, found)


def clip_gpu(figures: dict[str, float], arch: str, key: str, found: list[ImageRecord]) -> None:
    """One architecture: forward ceiling, the whole way, and what half precision changes."""
    import open_clip

    from iqmetrics.nets import clip

    torch.manual_seed(0)
    with torch.device(DEVICE):
        model = open_clip.create_model(arch).eval().to(DEVICE)
    tokenizer = open_clip.get_tokenizer(arch)
    shown = opened(found[:32])
    sharp = gpu_values(model, tokenizer, shown)
    plain = len(shown) / timed(lambda: plain_loop(model, tokenizer, found[: len(shown)]), 1)
    with patch.object(clip, "_build", return_value=(model, tokenizer)):
        encoder = clip.Encoder(clip.Source(f"local-dir:{arch}", arch=arch), DEVICE)
    scorer = Clip(model=f"local-dir:{arch}")
    object.__setattr__(scorer, "encoder", encoder)
    side = encoder.size[0]
    pixels = torch.randint(0, 256, (min(256, len(found)), 3, side, side), device=DEVICE).float()
    encoder.encode_pixels(pixels)
    forward = len(pixels) * 4 / timed(lambda: [encoder.encode_pixels(pixels) for _ in range(4)])
    feed(found[: len(found) // 4], scorer)
    alone = whole = 0.0
    for _ in range(3):
        alone = max(alone, len(found) / timed(lambda: decode_only(found), 1))
        whole = max(whole, len(found) / timed(lambda: feed(found, scorer), 1))
    gaps = np.subtract(cosines(scorer, shown), sharp)
    figures |= {
        f"gpu_decode_images_per_s_{key}": alone,
        f"gpu_forward_images_per_s_{key}": forward,
        f"gpu_images_per_s_{key}": whole,
        f"gpu_efficiency_{key}": whole / min(alone, forward),
        f"gpu_half_gap_{key}": float(np.abs(gaps).max()) / 100,
        f"gpu_speedup_{key}_open_clip": whole / plain,
        "gpu_pixels_unequal": unequal(encoder, shown),
    }
    print({k: v for k, v in figures.items() if key in k}, flush=True)


def unequal(encoder: Any, shown: list[Picture]) -> float:
    """Share of input values on the GPU that are not Pillow's."""
    pillow = torch.stack(encoder._on_cpu(shown))
    stacks = [torch.tensor(p.pixels, device=DEVICE)[None] for p in shown]
    ours = torch.cat([encoder._on_gpu(stack)[0][None].cpu() for stack in stacks])
    assert float((pillow - ours).abs().max()) <= 1
    return float((pillow != ours).double().mean())


def preprocessing() -> Any:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    return image_transform_v2(PreprocessCfg(), is_train=False)


@torch.inference_mode()
def gpu_values(model: Any, tokenizer: Any, shown: list[Picture]) -> list[float]:
    """Scores in float32 with open_clip's own preprocessing."""
    look = preprocessing()
    batch = torch.stack([look(Image.fromarray(p.pixels)) for p in shown]).to(DEVICE)
    text = tokenizer([p.record.prompt for p in shown]).to(DEVICE)
    cosine = torch.cosine_similarity(model.encode_image(batch), model.encode_text(text))
    return [100 * float(v) for v in cosine]


@torch.inference_mode()
def plain_loop(model: Any, tokenizer: Any, found: list[ImageRecord]) -> None:
    """open_clip as its README shows it, one file after another, on the GPU in float32."""
    look = preprocessing()
    for record in found:
        with Image.open(record.path) as file:
            image = look(file.convert("RGB"))[None].to(DEVICE)
        text = tokenizer([record.prompt]).to(DEVICE)
        torch.cosine_similarity(model.encode_image(image), model.encode_text(text)).item()


def musiq_gpu(figures: dict[str, float], notes: dict[str, str], found: list[ImageRecord]) -> None:
    """pyiqa's loop over files against ours, and both from decoded pictures."""
    import pyiqa

    from iqmetrics.nets import pyiqa_build

    device = torch.device(DEVICE)

    def build() -> Any:
        torch.manual_seed(0)
        return pyiqa.create_metric("musiq", device=device, pretrained=False)

    reference, scorer = build(), PyiqaMetric()
    with (
        patch.object(pyiqa_build, "build", return_value=build()),
        patch("iqmetrics.scorers.pyiqa_metric.weights.find"),
    ):
        load(scorer, DEVICE)
    few = list(islice(found, 32))
    shown = opened(few)

    def their_files() -> None:
        for record in few:
            reference(record.path).item()

    def their_decoded() -> list[float]:
        return [reference(to_chw(p)[None].to(DEVICE).float() / 255).item() for p in shown]

    half, sharp = [r.values["musiq"] for r in scorer.score(shown)], their_decoded()
    feed(found[: len(found) // 4], scorer)
    files = whole = decoded = mine = 0.0
    for _ in range(2):
        files = max(files, len(few) / timed(their_files, 1))
        whole = max(whole, len(found) / timed(lambda: feed(found, scorer), 1))
        decoded = max(decoded, len(few) / timed(their_decoded, 1))
        mine = max(mine, len(few) / timed(lambda: scorer.score(shown), 1))
    figures |= {
        "gpu_images_per_s_musiq": whole,
        "gpu_images_per_s_musiq_decoded": mine,
        "pyiqa_images_per_s_gpu": files,
        "pyiqa_images_per_s_gpu_decoded": decoded,
        "musiq_speedup_gpu": whole / files,
        "musiq_speedup_gpu_decoded": mine / decoded,
        "musiq_half_gap_gpu": max(abs(a - b) / abs(b) for a, b in zip(half, sharp, strict=True)),
    }
    notes["musiq_speedup_gpu"] = (
        "from PNG files of 1024 x 1024 to numbers: pyiqa's documented loop over paths against the "
        "engine, in turns, best of 2"
    )
    notes["musiq_speedup_gpu_decoded"] = "both from decoded pictures in memory"
