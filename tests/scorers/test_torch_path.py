"""What a GPU runs, on the CPU: the same readings as the ONNX path, and the same laws.

`place` is told to put "cuda" on the CPU; everything else is the code that a GPU runs (but the
recording of forwards).
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from contract import check_scorer, copies, same_reading
from lettering import drawn, pictured
from nets.faces.people import astronaut, picture, sized
from nets.hands.rendered import hand, placed, wall

pytest.importorskip("torch")
pytest.importorskip("rapidocr")

import torch

from iqmetrics.nets.faces import session as faces
from iqmetrics.nets.hands import session as hands
from iqmetrics.nets.onnx_torch import net
from iqmetrics.nets.text import runtime, torch_nets
from iqmetrics.scorers.base import load
from iqmetrics.scorers.face import Face
from iqmetrics.scorers.hands import Hands
from iqmetrics.scorers.text import Text


def forget():
    faces._torch_net.cache_clear()
    hands._torch_net.cache_clear()
    hands._session.cache_clear()
    runtime.open_net.cache_clear()
    faces.load("cpu")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setattr(net, "place", lambda device: torch.device("cpu"))
    monkeypatch.setattr(faces, "CHUNK_ON_GPU", 4)
    monkeypatch.setattr(hands, "CHUNK_ON_GPU", dict.fromkeys(hands.NETS, 4))
    monkeypatch.setattr(torch_nets, "PIXELS", 1)
    monkeypatch.setattr(torch_nets, "COLUMNS", 2 * 320)
    forget()
    yield
    forget()


def people():
    return [picture(p) for p in (sized(astronaut(), 320), wall(90, 120), sized(astronaut(), 256))]


def handed():
    two = np.hstack([placed("five", 360, 360, 12, 12), placed("six", 360, 360, 12, 12)])
    return [picture(np.ascontiguousarray(p)) for p in (hand("fist"), wall(120, 200), two)]


def lettered():
    return [
        pictured(drawn({(60, 50): "OPEN LATE"}), 'a sign that reads "OPEN LATE"'),
        pictured(drawn({(10, 10): "SALE"}, width=256, height=96), texts=("SOLE",)),
        pictured(drawn({}), "a pale sheet of paper"),
    ]


CASES = {
    "face": (Face, people, 2e-3, 2e-3),
    "hands": (Hands, handed, 0, 0),
    "text": (lambda: Text(runtime="onnxruntime"), lettered, 1e-4, 1e-5),
}
"""Scorer, pictures, and how far its values may be from the ONNX path's: face measures sub-pixel
differences of meshes (float32 noise of 1e-4 px), hands count, text reads likelihoods."""


@pytest.mark.parametrize("name", CASES)
def test_the_readings_are_those_of_the_onnx_path(name):
    make, pictures, rel, abs_ = CASES[name]
    scorer = make()
    load(scorer, "cpu")
    wanted = scorer.score(pictures())
    load(scorer, "cuda")
    for a, b in zip(wanted, scorer.score(pictures()), strict=True):
        same_reading(a, b, rel, abs_, name)
    assert any(r.values for r in wanted)


@pytest.mark.parametrize("name", CASES)
def test_the_laws_hold_on_the_torch_path(name):
    make, pictures, _, _ = CASES[name]
    check_scorer(make(), pictures(), rel=1e-6, abs_=1e-9, device="cuda")


def test_two_threads_read_what_one_does():
    """Different scorers and the same one at a time, as two batches of a run on a GPU are."""
    scorers = [make() for make, *_ in CASES.values()]
    shown = [pictures() for _, pictures, *_ in CASES.values()]
    for scorer in scorers:
        load(scorer, "cuda")
    alone = [scorer.score(copies(some)) for scorer, some in zip(scorers, shown, strict=True)]
    with ThreadPoolExecutor(2) as pool:
        order = (0, 1, 1, 2, 2, 0)
        both = [pool.submit(scorers[k].score, copies(shown[k])) for k in order]
        for k, done in zip(order, both, strict=True):
            for a, b in zip(alone[k], done.result(), strict=True):
                same_reading(a, b, 1e-6, 1e-9, scorers[k].name)


def test_boxes_are_within_half_a_pixel_of_those_in_float32(monkeypatch):
    monkeypatch.setattr(hands, "QUICKER", "")  # else the CPU may find palms in bfloat16
    hands._session.cache_clear()
    scorers = [(Face(), people, "faces"), (Hands(), handed, "hands")]
    for scorer, pictures, key in scorers:
        boxes = []
        for device in ("cpu", "cuda"):
            load(scorer, device)
            found = scorer.score(copies(pictures()))
            boxes.append(np.array([row["box"] for r in found for row in r.evidence[key]]))
        assert boxes[0].shape == boxes[1].shape and len(boxes[0]) >= 2
        assert np.abs(boxes[0] - boxes[1]).max() <= 0.5
