"""What the parts of alignment.py share: pictures, prompts, a clock."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord

PROMPTS = (
    "a lighthouse on a rocky coast at dusk, oil painting",
    "close-up portrait of an old sailor, film grain",
    "two red bicycles leaning against a yellow wall",
    "a bowl of ramen on a wooden table, studio light",
    "an astronaut riding a horse on the moon",
    "a snowy mountain village, aerial photo",
    "a neon sign that reads OPEN in a rainy street",
    "a fox reading a newspaper, watercolour",
)


def pictures(count: int, sizes: tuple[tuple[int, int], ...]) -> list[Picture]:
    """Smooth coloured fields with fine structure, repeatable, four to a prompt."""
    draw = np.random.default_rng(7)
    made = []
    for i in range(count):
        height, width = sizes[i % len(sizes)]
        coarse = draw.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        image = np.asarray(
            Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        )
        noisy = image.astype(np.int16) + draw.integers(-12, 13, image.shape, dtype=np.int16)
        record = ImageRecord(f"{i}.png", "", prompt=PROMPTS[i // 4 % len(PROMPTS)])
        made.append(Picture(record, noisy.clip(0, 255).astype(np.uint8)))
    return made


def fresh(shown: list[Picture]) -> list[Picture]:
    return [Picture(p.record, p.pixels, p.flags) for p in shown]


def timed(
    run: Callable[[], Any], rounds: int = 3, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Least seconds of a few runs, by wall clock or by `time.process_time`."""
    best = float("inf")
    for _ in range(rounds):
        started = clock()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        best = min(best, clock() - started)
    return best


def cosines(scorer: Any, shown: list[Picture]) -> list[float]:
    """100 x cosine as our encoder sees it, before clipping at 0 (random nets go below)."""
    images = np.stack(scorer.encoder.images(fresh(shown)))
    texts = scorer.encoder.texts([p.record.prompt for p in shown]).numpy()
    return [float(v) for v in 100 * (images * texts).sum(1)]


def to_chw(picture: Picture) -> torch.Tensor:
    return torch.tensor(picture.pixels).permute(2, 0, 1)
