import sys

import numpy as np
import pytest

from iqmetrics import weights
from iqmetrics.errors import Unavailable
from iqmetrics.nets.faces import session


def test_all_nets_load_and_together_stay_below_four_megabytes():
    session.load()
    assert sum(weights.entry(name).bytes for name in session.NETS) <= 4e6
    assert all(weights.entry(name).commercial for name in session.NETS)


def test_an_empty_batch_gives_empty_answers():
    boxes, scores = session.run("face_short", np.zeros((0, 128, 128, 3), np.float32))
    assert boxes.shape == (0, 896, 16) and scores.shape == (0, 896, 1)


def test_a_batch_longer_than_a_chunk_is_the_same_as_one_by_one(monkeypatch):
    x = np.random.default_rng(0).random((5, 128, 128, 3), np.float32)
    whole = session.run("face_short", x)
    monkeypatch.setattr(session, "CHUNK", 2)
    parts = session.run("face_short", x)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_a_missing_package_is_one_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    session._session.cache_clear()
    with pytest.raises(Unavailable, match=r"iqmetrics\[score\]"):
        session.run("face_mesh", np.zeros((1, 192, 192, 3), np.float32))


def test_another_device_is_served_by_torch(monkeypatch):
    pytest.importorskip("torch")
    asked = []

    class Net:
        outputs = ("a", "deep")

        def run(self, batch, step, reduce):
            asked.append((len(batch), step))
            layers = np.arange(2.0 * len(batch)).reshape(-1, 2) ** 2
            return list(reduce((np.zeros((len(batch), 1)), layers), slice(None)))

    monkeypatch.setattr(session, "_torch_net", lambda name, device, half=False: Net())
    monkeypatch.setattr(session, "_device", "cpu")
    session.load("cuda")
    (answer,) = session.run("face_mesh", np.zeros((40, 8, 8, 3), np.float32))
    assert answer.shape == (40, 1)
    assert asked == [(40, session.CHUNK_ON_GPU)]
    _, layers, means = session.run("face_mesh", np.zeros((4, 8, 8, 3), np.float32), pairs=2)
    assert layers.tolist() == [[(0 - 4 + 16 - 36) / 2, (1 - 9 + 25 - 49) / 2]]
    assert means.tolist() == [[(0 + 4 + 16 + 36) / 4, (1 + 9 + 25 + 49) / 4]]
    session.load("cpu")


@pytest.fixture(autouse=True)
def fresh():
    yield
    session._device = "cpu"
    session._session.cache_clear()
    session._rough_first.cache_clear()


def test_a_detectors_likely_anchors_come_in_order_with_what_they_say(monkeypatch):
    numbers = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    logits = np.array([[-1, 2, 0, 3], [-2, -2, -2, -2]], np.float32)[..., None]
    monkeypatch.setattr(session, "run", lambda name, batch: [numbers, logits])
    one, none = session.likely("face_short", None, 0.0)
    assert one[0].tolist() == [1, 2, 3] and one[2].tolist() == [[2], [0], [3]]
    assert np.array_equal(one[1], numbers[0, 1:]) and not len(none[0])


def test_a_gpu_asks_the_far_detector_roughly_first(monkeypatch):
    pytest.importorskip("torch")
    asked = []

    class Net:
        def __init__(self, name, half):
            self.name, self.half = name, half

        def likely(self, batch, step, least):
            asked.append((self.name, step, least))

    monkeypatch.setattr(session, "_torch_net", lambda name, device, half=False: Net(name, half))
    monkeypatch.setattr(session, "_device", "cuda")
    session.likely("face_short", None, 0.5)
    assert asked == [("face_short", session.CHUNK_ON_GPU, 0.5)]
    twice = session._rough_first("cuda")
    assert (twice.rough.half, twice.exact.half, twice.margin) == (True, False, session.MARGIN)
    monkeypatch.setattr(twice, "likely", lambda *a: asked.append(a))
    session.likely("face_full", None, 0.5)
    assert asked[1] == (None, session.CHUNK_ON_GPU, session.AGAIN_ON_GPU, 0.5)
