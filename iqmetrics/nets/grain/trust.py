"""A small network that reads a tile's grain and says how far it can be trusted.

Every tile's features pass one layer; attention over all tiles of the image gathers what the
clearest grain of this image looks like; two more layers judge each tile, with its neighbours,
against that. It has about 40,000 parameters, is trained by `training/grain.py` on synthetic grain
and works alike for any number of tiles. Output per tile: strength, its likely error, grain size.
"""

from functools import cache
from typing import Any

import numpy as np

from iqmetrics import weights
from iqmetrics.nets.grain.bands import FEATURES

NAME = "grain-trust"
WIDTH, HEADS = 56, 4
SHAPES = {
    "mean": (len(FEATURES),),
    "scale": (len(FEATURES),),
    "in.w": (len(FEATURES), WIDTH),
    "in.b": (WIDTH,),
    "ask1.w": (WIDTH, HEADS),
    "mix1.w": (WIDTH * (2 + HEADS), WIDTH),
    "mix1.b": (WIDTH,),
    "ask2.w": (WIDTH, HEADS),
    "mix2.w": (WIDTH * (2 + HEADS), WIDTH),
    "mix2.b": (WIDTH,),
    "out.w": (WIDTH, 3),
    "out.b": (3,),
}


@cache
def parameters(device: str) -> dict[str, Any]:
    """The shipped parameters as float32 tensors."""
    import torch

    with np.load(weights.find(NAME)) as file:
        return {key: torch.tensor(file[key].astype(np.float32), device=device) for key in SHAPES}


def judge(features: Any, given: dict[str, Any], among: Any = None) -> tuple[Any, Any, Any]:
    """Grain of every tile.

    Args:
        features: [N, rows, columns, len(FEATURES)] of `bands.tile_features`.
        given: the network's parameters.
        among: 1 for the tiles that are looked at, 0 for those that might as well not be there, and
            of which the answers mean nothing, [N, rows, columns]; by default all are.

    Returns:
        Three tensors [N, rows, columns]: natural log of the grain's standard deviation in grey
        levels; the likely error of that logarithm (mean absolute deviation); log of the cell size.
    """
    x = ((features - given["mean"]) / given["scale"]).clamp(-5, 5)
    hidden = (x @ given["in.w"] + given["in.b"]).relu()
    for step in ("1", "2"):
        hidden = _mix(hidden, given, step, among)
    out = hidden @ given["out.w"] + given["out.b"]
    strength = 0.5 * features[..., 0] + out[..., 0]
    return strength, out[..., 1].clamp(-5, 2).exp(), out[..., 2]


def _mix(hidden: Any, given: dict[str, Any], step: str, among: Any) -> Any:
    """One round: each tile with its 3 x 3 neighbourhood and the image's attended tiles."""
    n, rows, columns, width = hidden.shape
    flat = hidden.reshape(n, rows * columns, width)
    asked = flat @ given[f"ask{step}.w"]
    if among is None:
        near = _near(hidden)
    else:
        near = _near(hidden * among[..., None]) / _near(among[..., None]).clamp(min=1e-3)
        asked = asked.masked_fill(among.reshape(n, -1, 1) == 0, float("-inf"))
    context = (asked.softmax(1).transpose(1, 2) @ flat).reshape(n, 1, 1, -1)
    matrix = given[f"mix{step}.w"]
    mixed = hidden @ matrix[:width] + near @ matrix[width : 2 * width]
    mixed = mixed + context @ matrix[2 * width :] + given[f"mix{step}.b"]
    return hidden + mixed.relu() if step == "2" else mixed.relu()


def _near(values: Any) -> Any:
    """Mean over the 3 x 3 neighbourhood of every tile, [N, rows, columns, C]."""
    import torch

    return torch.nn.functional.avg_pool2d(
        values.movedim(-1, 1), 3, stride=1, padding=1, count_include_pad=False
    ).movedim(1, -1)
