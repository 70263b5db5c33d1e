"""What `strokes` tells its layers, on a GPU: many crops at once, in fixed shapes.

Every call sees `TOGETHER` crops in one of a few widths, so that no answer depends on company.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets.onnx_torch import net
from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.text import strokes
from iqmetrics.nets.text.strokes import EPSILON, LIKE, PATCH, STEP, Scale

Floats = NDArray[np.float32]

TOGETHER = 8
BUCKET = 160
"""Widths are filled up to multiples of this."""


@torch.inference_mode()
def features(
    lumas: Sequence[NDArray[np.uint8]], rows: Sequence[int], scales: Sequence[Scale], device: str
) -> list[Floats]:
    """`strokes.features` of each crop."""
    width = [-(-luma.shape[1] // BUCKET) for luma in lumas]
    order = sorted(range(len(lumas)), key=lambda place: width[place])
    told = []
    tables = [_tables(scale, net.place(device)) for scale in scales] if lumas else []
    for first in range(0, len(order), TOGETHER):
        some = order[first : first + TOGETHER]
        told.append(_together([lumas[i] for i in some], max(width[i] for i in some), tables))
    found = dict(zip(order, fetched([torch.cat(told)])[0] if told else (), strict=True))
    return [np.append(found[i], strokes.shape_of(lumas[i], rows[i])) for i in range(len(lumas))]


class _Tables(NamedTuple):
    """What a scale is told by, on the device: see `Scale`; percentiles, as shares."""

    whitening: Tensor
    pieces: Tensor
    norms: Tensor
    edges: Tensor


def _tables(scale: Scale, device: torch.device) -> _Tables:
    arrays = (
        scale.whitening,
        scale.pieces,
        *(np.array(w) / 100 for w in (strokes.NORMS, strokes.EDGES)),
    )
    return _Tables(*(torch.from_numpy(a).to(device) for a in arrays))


def _together(lumas: Sequence[NDArray[np.uint8]], width: int, scales: Sequence[_Tables]) -> Tensor:
    sizes = [strokes.sizes(luma) for luma in lumas]
    parts = []
    for k, scale in enumerate(scales):
        images = [size[k] for size in sizes]
        high, most = len(images[0]), max(width * BUCKET >> k, *(i.shape[1] for i in images))
        edged = np.zeros((TOGETHER, high + 4, most + 4), np.float32)
        for row, image in zip(edged, images, strict=False):
            row[:, : image.shape[1] + 4] = np.pad(image, 2, mode="edge")
        wide = np.full(TOGETHER, PATCH)
        wide[: len(images)] = [image.shape[1] for image in images]
        there = torch.from_numpy(edged).to(scale.pieces.device)
        parts.append(_told(there, wide, scale)[: len(lumas)])
    return torch.cat(parts, 1)


def _told(edged: Tensor, wide: NDArray[np.int64], scale: _Tables) -> Tensor:
    """Of n pictures (n, high + 4, width + 4), of which so many columns count, n x 268 numbers."""
    device = edged.device
    whitening, pieces = scale.whitening, scale.pieces
    widths = torch.from_numpy(wide).to(device)
    views = edged.unfold(1, PATCH, STEP).unfold(2, PATCH, STEP)
    n, down, across = views.shape[:3]
    found = views.reshape(n, down * across, PATCH * PATCH)
    found = found - found.mean(2, keepdim=True)
    norms = torch.linalg.vector_norm(found, dim=2)
    columns = torch.arange(across, device=device)
    inside = columns[None, :] <= (widths[:, None] + 4 - PATCH) // STEP
    inside = inside[:, None].expand(n, down, across).reshape(n, -1)
    white = (found / (norms[..., None] + EPSILON)) @ whitening
    white = white / (torch.linalg.vector_norm(white, dim=2, keepdim=True) + 1e-3)
    alike = ((white @ pieces.T).abs() - LIKE).clamp_min(0)
    share = torch.where(inside, norms / (norms + EPSILON), 0.0)
    share = (share / (share.sum(1, keepdim=True) + 1e-9))[:, None]
    image = edged[:, 2:-2, 2:-2]
    x = torch.arange(image.shape[2], device=device)
    steps = [image.diff(dim=2).abs(), image.diff(dim=1).abs()]
    known = [
        (x[: s.shape[2]] < widths[:, None] - less)[:, None].expand(s.shape)
        for s, less in zip(steps, (1, 0), strict=True)
    ]
    edges, at = (torch.cat([p.reshape(n, -1) for p in some], 1) for some in (steps, known))
    return torch.cat(
        [
            (share @ alike)[:, 0] * 20,
            (share @ (alike * alike))[:, 0].sqrt() * 5,
            (_percentiles(norms, inside, scale.norms) + 0.05).log(),
            (_percentiles(edges, at, scale.edges) + 0.01).log(),
        ],
        1,
    )


def _percentiles(values: Tensor, known: Tensor, which: Tensor) -> Tensor:
    """Numpy's percentiles of the known values of each row."""
    ordered = torch.where(known, values, torch.inf).sort(1).values
    last = known.sum(1, keepdim=True) - 1
    place = which * last
    low = place.floor().long()
    high = torch.minimum(low + 1, last)
    a, b = ordered.gather(1, low), ordered.gather(1, high)
    return a + (b - a) * (place - low).float()
