"""The jaw by small nets of its own: both sides of the frontal face, unrolled along the outline.

A net looks at either side alone; the difference of what it sees, each number let through according
to the sum, tells how far the left side is moved. So a face and its mirror image differ in the sign
alone, exactly. `training/faces_jaw.py` trains them; they are small enough for numpy.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.nets.faces.outline import rays

Floats = NDArray[np.float32]
Layer = tuple[Floats, Floats]
"""Weights (out x in) and what is added (out)."""

RAYS = np.radians(np.linspace(-15, 93, 40))
"""Directions of the rays on the left side, downwards from the horizontal."""
REACH = np.linspace(0.6, 1.3, 40)
"""Points on a ray, in multiples of the distance of the mean outline."""
NETS = ((24, 32, 48, 48), (16, 24, 32, 32))
"""Channels of each net's convolutions (3 x 3): the first keeps the size, each other one halves it.
The mean of the nets is the answer."""
SEEN = 5 * 5
"""Places that are left after them."""
SCALE = 20.0
"""The nets answer in twentieths of the eye distance."""


def shapes(wide: tuple[int, ...]) -> list[tuple[int, int]]:
    """(out, in) of every layer of a net: convolutions, the gate, the one that tells."""
    into = [9 * channels for channels in (3, *wide[:-1])]
    last = wide[-1]
    return [*zip(wide, into, strict=True), (last, last), (2, last * SEEN)]


@cache
def _points() -> Floats:
    return rays(RAYS, REACH)


def strips(front: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Left and right side of a frontal face, unrolled: 2 x rays x points x 3 (Lab, bytes)."""
    lab = cv2.cvtColor(front, cv2.COLOR_RGB2LAB)
    x, y = _points()[..., 0], _points()[..., 1]
    sides = (lab, cv2.flip(lab, 1))
    return np.stack([cv2.remap(side, x, y, cv2.INTER_LINEAR) for side in sides]).astype(np.uint8)


def prepared(both: NDArray[np.uint8]) -> Floats:
    """Strips of a face as a net takes them, 2 x 3 x rays x points.

    Each side has its own mean, both share a spread: neither exposure nor a side in the shade
    counts.
    """
    planes = both.transpose(0, 3, 1, 2).astype(np.float32)
    planes = planes - planes.mean((2, 3), keepdims=True)
    squares = (planes**2).mean((2, 3), keepdims=True)
    return np.asarray(planes / (np.sqrt((squares[:1] + squares[1:]) / 2) + 4), np.float32)


@cache
def _nets() -> list[list[Layer]]:
    with np.load(weights.find("face_jaw")) as data:
        return unpacked(dict(data))


def unpacked(data: dict[str, NDArray[np.generic]]) -> list[list[Layer]]:
    """The layers of each net from `weights` (bytes, layer after layer, net after net), `step` and
    `add` (one an output).
    """
    nets, at, row = [], 0, 0
    for wide in NETS:
        layers = []
        for out, into in shapes(wide):
            own = np.asarray(data["weights"][at : at + out * into], np.float32).reshape(out, into)
            step = np.asarray(data["step"][row : row + out], np.float32)
            add = np.asarray(data["add"][row : row + out], np.float32)
            layers.append((own * step[:, None], add))
            at, row = at + out * into, row + out
        nets.append(layers)
    return nets


def times(own: Floats, columns: Floats) -> Floats:
    """The product in pieces that OpenBLAS (up to 2^18 multiplications) leaves to one thread.

    Scoring threads fill the cores already; more threads would mostly wait for each other.
    """
    width = max(1, 2**18 // own.size)
    pieces = range(0, columns.shape[1], width)
    return np.concatenate([own @ columns[:, i : i + width] for i in pieces], 1)


def look(side: Floats, layers: Sequence[Layer]) -> Floats:
    """What convolutions of 3 x 3 see in a side: the first keeps the size, each other halves it."""
    seen = side
    for i, (own, add) in enumerate(layers):
        step = 1 if i == 0 else 2
        channels, high, wide = seen.shape
        padded = np.zeros((channels, high + 2, wide + 2), np.float32)
        padded[:, 1:-1, 1:-1] = seen
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
        windows = windows[:, ::step, ::step].transpose(0, 3, 4, 1, 2)
        size = windows.shape[3:]
        columns = windows.reshape(own.shape[1], -1)
        seen = np.maximum(times(own, columns) + add[:, None], 0)
        seen = seen.reshape(-1, *size)
    return seen


def told(both: Floats, net: list[Layer]) -> Floats:
    """Answer (2) of a net to the prepared sides of a face."""
    *layers, (gate, add), (tell, _) = net
    left, right = (look(side, layers).reshape(len(gate), -1) for side in both)
    opened = 1 / (1 + np.exp(-(gate @ (left + right) + add[:, None])))
    return np.asarray(tell @ ((left - right) * opened).ravel(), np.float32)


def jaw_moved(fronts: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """How far the left side of each jaw is moved (n x 2: right, down; eye distances), by the nets.

    Args:
        fronts: Frontal faces, SIZE x SIZE x 3 each.
    """
    answers = np.zeros((len(fronts), 2))
    for answer, front in zip(answers, fronts, strict=True):
        both = prepared(strips(front))
        answer[:] = np.mean([told(both, net) for net in _nets()], 0) / SCALE
    return answers
