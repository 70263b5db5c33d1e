"""Is this the photograph of a bare, lit face? What is drawn, covered or black is not judged.

Two linear gates read the mesh net's inner layers, pooled over places: `even` is what a look and its
mirror have in common, `off` what tells them apart. Neither changes when the face is mirrored.
`training/faces_style.py` fitted them; melted faces and blurred eyes of photographs are photographs.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights

BLACK = 30
"""Pixels of less lightness (0..255) show nothing."""
MOST_BLACK = 0.42
"""Largest black share of a face; of 430 photographed faces the darkest has 0.37."""
MOST_SPREAD = 0.08
"""Largest spread of the mesh between looks, in eye distances; 0.066 for a photographed face, 0.075
for a melted one (set with a game pad and a face without visible eyes in view: 0.082 and 0.097)."""
CORE = (slice(40, 150), slice(36, 156))
"""Rows and columns of the frontal face that hold brows, eyes, nose and mouth."""
DRAWN = "drawn or stylised: it does not look like a photograph of a face"
COVERED = "covered: something is in front of an eye"
DARK = "too dark: about half of the face is black"
UNSETTLED = "no clear face: the mesh settles elsewhere in each look"

Floats = NDArray[np.float64]


@cache
def constants() -> dict[str, Floats]:
    """Every array of `style.npz`, which `training/faces_style.py` writes."""
    with np.load(weights.find("face_style")) as data:
        return {name: np.asarray(data[name], np.float64) for name in data.files}


def pooled(layers: NDArray[np.float32], sizes: tuple[tuple[int, int], ...]) -> Floats:
    """Mean over the places of each channel, n x channels; layers as `mesh.look_inside` gives."""
    parts, start = [], 0
    for channels, places in sizes:
        part = layers[:, start : start + channels * places]
        parts.append(part.reshape(-1, channels, places).mean(2, dtype=np.float64))
        start += channels * places
    return np.concatenate(parts, 1)


def black_share(front: NDArray[np.uint8]) -> float:
    """Share of the middle of the frontal face that is black."""
    grey = front[CORE].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return float((grey < BLACK).mean())


def drawn(even: Floats) -> float:
    """Above 0 for a face that is no photograph; `even` has 576 numbers."""
    known = constants()
    return float(even @ known["drawn"] + known["levels"][0])


def hidden(even: Floats, off: Floats) -> float:
    """Above 0 for a face with something in front of an eye; 576 numbers each."""
    known = constants()
    return float(np.concatenate([even, off]) @ known["hidden"] + known["levels"][1])


def unlike_a_photo(
    front: NDArray[np.uint8], even: Floats, off: Floats, spread: float
) -> str | None:
    """Why the face is not to be judged, or None; `spread` of the mesh in eye distances."""
    if black_share(front) > MOST_BLACK:
        return DARK
    if spread > MOST_SPREAD:
        return UNSETTLED
    if drawn(even) > 0:
        return DRAWN
    return COVERED if hidden(even, off) > 0 else None
