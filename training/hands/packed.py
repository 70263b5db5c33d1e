"""The pack of photographs (see prepare.py) as tensors."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


@dataclass
class Pack:
    """All photographs on one device: image N3SS, alpha N1SS, wall N3MM, scene K3SS as uint8."""

    image: Tensor
    alpha: Tensor
    wall: Tensor
    scene: Tensor
    points: Tensor
    shown: Tensor
    fold: Tensor
    source: Tensor
    trust: Tensor
    name: list[str]


def load(path: Path, device: str, most: int = 10**9) -> Pack:
    """Read and decode a pack."""
    data = dict(np.load(path))

    def blobs(key: str, mode: str) -> Tensor:
        ends = data[key + "_ends"][:most]
        starts = np.concatenate([[0], ends[:-1]])

        def one(span: tuple[int, int]) -> np.ndarray:
            raw = data[key][span[0] : span[1]].tobytes()
            return np.array(Image.open(io.BytesIO(raw)).convert(mode))

        with ThreadPoolExecutor(16) as pool:
            images = np.stack(list(pool.map(one, zip(starts, ends, strict=True))))
        tensor = torch.from_numpy(images).to(device)
        return tensor.permute(0, 3, 1, 2).contiguous() if mode == "RGB" else tensor[:, None]

    alpha = blobs("mask", "L").float() / 255
    parts = []
    for chunk in alpha.split(64):  # pull the edge in by about a pixel, then soften it
        low = -torch.nn.functional.max_pool2d(-chunk, 3, 1, 1)
        parts.append((torch.nn.functional.avg_pool2d(low, 3, 1, 1) * 255).byte())
    return Pack(
        blobs("jpg", "RGB"),
        torch.cat(parts),
        blobs("wall", "RGB"),
        blobs("scene", "RGB"),
        torch.from_numpy(data["points"][:most]).float().to(device),
        *(
            torch.from_numpy(data[k][:most]).to(device)
            for k in ("shown", "fold", "source", "trust")
        ),
        [str(n) for n in data["name"][:most]],
    )
