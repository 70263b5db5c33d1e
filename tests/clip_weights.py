"""Small CLIPs with random weights, made on the spot and loaded through the real loading code."""

import json
from pathlib import Path

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord

CONFIG = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {
            "image_size": 32,
            "patch_size": 8,
            "width": 64,
            "head_width": 32,
            "layers": 2,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": 32,
            "heads": 2,
            "layers": 1,
        },
    },
    "preprocess_cfg": {},
}


def save_small(folder: Path, seed: int = 0) -> Path:
    """A folder for `local-dir:` with CLIP's own tokenizer (context 77)."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.CLIP(**CONFIG["model_cfg"])
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG))
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    return folder


def picture(prompt: str | None, size: tuple[int, int] = (80, 60), seed: int = 0) -> Picture:
    """A noisy gradient, width x height, with a prompt."""
    width, height = size
    draw = np.random.default_rng(seed)
    ramp = np.linspace(0, 200, width)[None, :, None] + draw.integers(0, 55, (height, width, 3))
    return Picture(ImageRecord(f"{seed}.png", "", prompt=prompt), ramp.astype(np.uint8))
