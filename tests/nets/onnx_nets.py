"""Every ONNX net that is shipped or used, with inputs of two sizes, for the tests of the torch path."""

from pathlib import Path

import numpy as np
import pytest

from iqmetrics import weights
from iqmetrics.nets.faces import session as faces
from iqmetrics.nets.hands import session as hands

OURS = (*faces.NETS, *hands.NETS)
TEXT = ("detector", "recogniser")
ALL = (*OURS, *TEXT)
SIDES = {
    "face_short": 128,
    "face_full": 192,
    "face_mesh": 192,
    "hand_palm": 192,
    "hand_landmark": 224,
    "hand_count": 224,
}


def path_of(name: str) -> Path:
    if name in TEXT:
        pytest.importorskip("rapidocr")
        from iqmetrics.nets.text import runtime

        return runtime.find(name)
    return weights.find(name)


def shapes_of(name: str) -> list[tuple[int, ...]]:
    if name == "detector":
        return [(1, 3, 96, 64), (2, 3, 192, 256)]
    if name == "recogniser":
        return [(1, 3, 48, 320), (3, 3, 48, 480)]
    return [(n, SIDES[name], SIDES[name], 3) for n in (1, 3)]


def batch_of(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Blotches of every size, in -1..1 for text and 0..1 for faces and hands."""
    rng = np.random.default_rng(seed)
    signed = shape[1] == 3
    tall, wide = shape[2:4] if signed else shape[1:3]
    out = np.zeros((shape[0], tall, wide, 3), np.float32)
    for step in (4, 16, 32):
        coarse = rng.random((shape[0], -(-tall // step), -(-wide // step), 3)).astype(np.float32)
        out += np.repeat(np.repeat(coarse, step, 1), step, 2)[:, :tall, :wide] / 3
    return (out * 2 - 1).transpose(0, 3, 1, 2).copy() if signed else out
