"""What `strokes` tells its layers, on a GPU: many crops at once, in fixed shapes.

Every call sees `TOGETHER` crops in one of a few widths, so that no answer depends on company.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets.onnx_torch import net
from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.text import strokes
from iqmetrics.nets.text.strokes import EDGES, EPSILON, LIKE, NORMS, PATCH, STEP, Scale

Floats = NDArray[np.float32]

TOGETHER, AT_ONCE = 8, 16
"""Crops a call, and calls whose crops are sent before the first: sending waits for work begun."""
BUCKET = 160
"""Widths are filled up to multiples of this."""


@torch.inference_mode()
def features(
    lumas: Sequence[NDArray[np.uint8]], rows: Sequence[int], scales: Sequence[Scale], device: str
) -> list[Floats]:
    """`strokes.features` of each crop."""
    there = net.place(device)
    order = sorted(range(len(lumas)), key=lambda place: _buckets(lumas[place]))
    groups = [order[first : first + TOGETHER] for first in range(0, len(order), TOGETHER)]
    tables = [_tables(scale, there) for scale in scales] if lumas else []
    told = []
    for first in range(0, len(groups), AT_ONCE):
        some = groups[first : first + AT_ONCE]
        seen = iter(_sent([_padded([lumas[i] for i in group]) for group in some], there))
        for group in some:
            parts = [_told(next(seen), table)[: len(group)] for table in tables]
            told.append(torch.cat(parts, 1))
    found = dict(zip(order, fetched([torch.cat(told)])[0] if told else (), strict=True))
    return [np.append(found[i], strokes.shape_of(lumas[i], rows[i])) for i in range(len(lumas))]


class _Tables(NamedTuple):
    """What a scale is told by, on the device: see `Scale`."""

    whitening: Tensor
    pieces: Tensor


@cache
def _tables(scale: Scale, device: torch.device) -> _Tables:
    return _Tables(*(torch.from_numpy(a).to(device) for a in (scale.whitening, scale.pieces)))


class _Seen(NamedTuple):
    """`TOGETHER` pictures at one scale on the device, and where the percentiles of them stand.

    `edged` (n, high + 4, width + 4); `marks` (n, 3 + 12 + 10): the last column that counts of
    patches, of steps to the right and of steps down, then `_places` of `NORMS` and of `EDGES`;
    `between` (n, 6 + 5): theirs.
    """

    edged: Tensor
    marks: Tensor
    between: Tensor


def _buckets(luma: NDArray[np.uint8]) -> int:
    return -(-int(luma.shape[1]) // BUCKET)


def _padded(lumas: Sequence[NDArray[np.uint8]]) -> list[tuple[Floats, NDArray[np.int64]]]:
    """At each scale `_Seen.edged` of at most `TOGETHER` crops, and their widths (n,)."""
    found = []
    buckets = max(_buckets(luma) for luma in lumas)
    for k, images in enumerate(zip(*(strokes.sizes(luma) for luma in lumas), strict=True)):
        high, most = len(images[0]), max(buckets * BUCKET >> k, *(i.shape[1] for i in images))
        edged = np.zeros((TOGETHER, high + 4, most + 4), np.float32)
        wide = np.full(TOGETHER, PATCH)
        for i, image in enumerate(images):
            edged[i, :, : image.shape[1] + 4] = strokes.edged_by(image)
            wide[i] = image.shape[1]
        found.append((edged, wide))
    return found


def _sent(
    groups: Sequence[list[tuple[Floats, NDArray[np.int64]]]], device: torch.device
) -> list[_Seen]:
    """Everything that the device is to see of the groups, scale by scale of each."""
    edges, marks, between = [], [], []
    for edged, wide in (one for group in groups for one in group):
        high = edged.shape[1] - 4
        across, down = (wide + 4 - PATCH) // STEP + 1, (high + 4 - PATCH) // STEP + 1
        norms = _places(across * down, NORMS)
        steps = _places(high * (wide - 1) + (high - 1) * wide, EDGES)
        last = np.stack([across - 1, wide - 2, wide - 1], 1)
        edges.append(torch.from_numpy(edged).to(device))
        marks.append(np.concatenate([last, norms[0], steps[0]], 1))
        between.append(np.concatenate([norms[1], steps[1]], 1))
    told = (torch.from_numpy(np.stack(some)).to(device).unbind() for some in (marks, between))
    return [_Seen(*one) for one in zip(edges, *told, strict=True)]


def _places(
    counts: NDArray[np.int64], percentiles: Sequence[float]
) -> tuple[NDArray[np.int64], Floats]:
    """Between which of so many ordered values p percentiles lie, as numpy has them.

    Returns:
        Places (n, 2p), first those below, then those above; the way between them, 0..1, (n, p).
    """
    last = counts[:, None] - 1
    place = np.array(percentiles) / 100 * last
    low = np.floor(place).astype(np.int64)
    places = np.concatenate([low, np.minimum(low + 1, last)], 1)
    return places, (place - low).astype(np.float32)


def _told(seen: _Seen, scale: _Tables) -> Tensor:
    """268 numbers of each picture."""
    edged = seen.edged
    views = edged.unfold(1, PATCH, STEP).unfold(2, PATCH, STEP)
    n, down, across = views.shape[:3]
    found = views.reshape(n, down * across, PATCH * PATCH)
    found = found - found.mean(2, keepdim=True)
    norms = torch.linalg.vector_norm(found, dim=2)
    some = norms + EPSILON
    white = (found / some[..., None]) @ scale.whitening
    white = white / (torch.linalg.vector_norm(white, dim=2, keepdim=True) + 1e-3)
    alike = ((white @ scale.pieces.T).abs() - LIKE).clamp_min(0)
    image = edged[:, 2:-2, 2:-2]
    columns = torch.arange(image.shape[2], device=edged.device)
    inside, right, below = (columns <= seen.marks[:, :3, None])[:, :, None].unbind(1)
    inside = inside[..., :across]
    share = torch.where(inside, (norms / some).reshape(n, down, across), 0.0).view(n, -1)
    share = (share / (share.sum(1, keepdim=True) + 1e-9))[:, None]
    steps = [
        torch.where(known[..., : step.shape[2]], step.abs(), torch.inf).reshape(n, -1)
        for known, step in ((right, image.diff(dim=2)), (below, image.diff(dim=1)))
    ]
    norms = torch.where(inside, norms.reshape(n, down, across), torch.inf).view(n, -1)
    at = 3 + 2 * len(NORMS)
    return torch.cat(
        [
            (share @ alike)[:, 0] * 20,
            (share @ (alike * alike))[:, 0].sqrt() * 5,
            _percentiles(norms, seen.marks[:, 3:at], seen.between[:, : len(NORMS)], 0.05),
            _percentiles(
                torch.cat(steps, 1), seen.marks[:, at:], seen.between[:, len(NORMS) :], 0.01
            ),
        ],
        1,
    )


def _percentiles(values: Tensor, places: Tensor, between: Tensor, more: float) -> Tensor:
    """Logarithms of percentiles of each row, and of a little more, by `_places`."""
    a, b = values.sort(1).values.gather(1, places).chunk(2, 1)
    return (a + (b - a) * between + more).log()
