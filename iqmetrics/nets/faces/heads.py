"""From signed differences to scores: linear heads whose constants `training/faces.py` fitted.

Written without a constant term, so that a face and its mirror image score exactly alike.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Constants = Mapping[str, NDArray[Any]]

REGIONS = ("eyes", "brows", "nose", "mouth", "jaw")
CLIP = 4.0
"""A single difference counts at most this many times its usual size."""


def scaled(skew: Floats, scale: Floats) -> Floats:
    """Differences (n x features) in units of their usual size, clipped."""
    return np.asarray(np.clip(skew / scale, -CLIP, CLIP))


def moved(skew: Floats, constants: Constants) -> Floats:
    """Displacement of each region (n x 5 x 2, eye distances) as a left-side shift.

    Args:
        skew: Differences, n x features.
        constants: `weights` (features x 10) are in units of `step`, which has a row for each kind
            of difference; `blocks` holds where each kind starts.
    """
    starts = constants["blocks"].astype(np.int64)
    sizes = np.diff([*starts, skew.shape[1]])
    weights = constants["weights"] * np.repeat(constants["step"], sizes, axis=0)
    flat = scaled(skew, constants["scale"]) @ weights
    return np.asarray(flat.reshape(-1, len(REGIONS), 2))


def joined(shift: Floats, jaw: Floats, constants: Constants) -> Floats:
    """The displacements, the jaw's by what head and net say of it together.

    Args:
        shift: Displacements by the heads, n x 5 x 2.
        jaw: Those of the jaw by its net (`jaw_moved`), n x 2.
        constants: `mix` (2 x 4) takes the four numbers to two, in spreads of normal faces.
    """
    both = np.hstack([shift[:, -1], jaw]) @ constants["mix"].T
    return np.concatenate([shift[:, :-1], both[:, None]], 1)


def crooked(shift: Floats, yaw: Floats, constants: Constants) -> Floats:
    """Score of each region (n x 5) in units of the spread of normal faces at that yaw.

    Args:
        shift: Displacements, n x 5 x 2 (see `joined`).
        yaw: Degrees, n.
        constants: `white` (5 x 2 x 2) takes the spread away, `growth` (5) is how fast it grows
            with |sin yaw|.
    """
    turn = np.abs(np.sin(np.radians(yaw)))[:, None]
    z = np.einsum("rij,nrj->nri", constants["white"], shift)
    return np.asarray(np.sqrt((z**2).mean(2)) / (1 + constants["growth"] * turn))


def energy(skew: Floats, constants: Constants) -> Floats:
    """Root mean square of the scaled differences of each kind, then of each place of a net's layer.

    `blocks` holds where each kind starts; a row of `grids` is (start, stop, places) of an inner
    layer, channels first. A broken face is unusual in many kinds, or very unusual in one place.
    """
    squares = scaled(skew, constants["scale"]) ** 2
    starts = constants["blocks"].astype(np.int64)
    sizes = np.diff([*starts, skew.shape[1]])
    parts = [np.add.reduceat(squares, starts, axis=1) / sizes]
    for start, stop, places in constants["grids"].astype(np.int64):
        parts.append(squares[:, start:stop].reshape(len(squares), -1, places).mean(1))
    return np.asarray(np.sqrt(np.concatenate(parts, 1)))


def signs(broken: Floats, score: Floats, strength: Floats) -> Floats:
    """Inputs of the malformed head: logs of signs (n x k), region scores (n x 5), energies."""
    parts = [broken + 1e-3, score + 0.1, strength + 0.1]
    return np.asarray(np.log(np.concatenate(parts, 1)))


def design(x: Floats) -> Floats:
    """The inputs and how far they exceed one spread, after a constant."""
    return np.hstack([np.ones((len(x), 1)), x, np.maximum(x - 1, 0)])


def malformed(broken: Floats, score: Floats, strength: Floats, constants: Constants) -> Floats:
    """Probability-like 0..1 (n) that a face is melted or half wiped out."""
    x = (signs(broken, score, strength) - constants["signs_mean"]) / constants["signs_sd"]
    return np.asarray(1 / (1 + np.exp(-np.clip(design(x) @ constants["signs"], -50, 50))))
