"""The nets: in the ledger, small, and honest about what is missing."""

import sys

import numpy as np
import pytest
from nets.hands.rendered import hand

from iqmetrics import weights
from iqmetrics.errors import Unavailable
from iqmetrics.nets.hands import session
from iqmetrics.nets.hands.region import crop
from iqmetrics.nets.hands.tiles import whole


def test_all_weights_are_embedded_permissive_and_small():
    entries = [weights.entry(n) for n in session.NETS]
    assert all(e.embedded and e.commercial and e.licence == "Apache-2.0" for e in entries)
    assert sum(e.bytes for e in entries) <= 8e6
    assert all(weights.find(n).stat().st_size == weights.entry(n).bytes for n in session.NETS)


def test_an_empty_batch_gives_empty_outputs():
    outputs = session.run("hand_count", np.zeros((0, 224, 224, 3), np.float32))
    assert [o.shape for o in outputs] == [(0, 56, 56), (0, 4), (0, 3)]


def test_probabilities_sum_to_one_and_do_not_depend_on_the_batch():
    batch = np.random.default_rng(0).random((3, 224, 224, 3), np.float32)
    tips, state, count = session.run("hand_count", batch)
    assert tips.min() >= 0 and tips.max() <= 1
    assert state.sum(1) == pytest.approx(np.ones(3), abs=1e-5)
    assert count.sum(1) == pytest.approx(np.ones(3), abs=1e-5)
    alone = session.run("hand_count", batch[1:2])
    assert np.array_equal(alone[0][0], tips[1])


def test_without_onnxruntime_the_command_is_told(monkeypatch):
    session._session.cache_clear()
    monkeypatch.setattr(session, "quicker", lambda: "onnxruntime")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Unavailable, match="onnxruntime") as error:
        session.load()
    assert "iqmetrics[score]" in error.value.hint
    session._session.cache_clear()


def test_openvino_moves_the_scores_of_palms_by_little(monkeypatch):
    pytest.importorskip("openvino")
    tiles = np.stack([crop(hand(n), whole(hand(n)), 192) for n in ("five", "six", "fist")])
    _, quick = session.run("hand_palm", tiles)
    session._session.cache_clear()
    monkeypatch.setattr(session, "QUICKER", ())
    _, exact = session.run("hand_palm", tiles)
    session._session.cache_clear()
    quick, exact = (1 / (1 + np.exp(-one.max(1))) for one in (quick, exact))
    assert exact.max() > 0.8
    assert quick == pytest.approx(exact, abs=0.05)


def test_openvino_moves_the_counts_by_little(monkeypatch):
    pytest.importorskip("openvino")
    crops = np.stack([crop(hand(n), whole(hand(n)), 224) for n in ("five", "six", "fist")])
    quick = session.run("hand_count", crops)
    session._session.cache_clear()
    monkeypatch.setattr(session, "QUICKER", ())
    exact = session.run("hand_count", crops)
    session._session.cache_clear()
    assert [np.abs(one - other).max() < 0.1 for one, other in zip(quick, exact, strict=True)] == [
        True
    ] * 3


@pytest.mark.parametrize("name", ["hand_palm", "hand_landmark", "hand_count"])
def test_an_answer_does_not_depend_on_its_neighbours(name):
    side = 192 if name == "hand_palm" else 224
    batch = np.random.default_rng(1).integers(0, 256, (6, side, side, 3), dtype=np.uint8)
    together, alone = session.run(name, batch), session.run(name, batch[4:5])
    for some, one in zip(together, alone, strict=True):
        assert np.array_equal(some[4:5], one)


def test_a_gpu_sees_as_many_crops_in_every_forward_of_a_net(monkeypatch):
    asked = []

    class Net:
        def run(self, batch, step):
            asked.append(("run", step))

        def likely(self, batch, step, least):
            asked.append(("likely", step))

    monkeypatch.setattr(session, "_torch_net", lambda name, device: Net())
    for name in session.NETS:
        session.run(name, None, "cuda")
    session.likely("hand_palm", None, 0.5, "cuda")
    steps = session.CHUNK_ON_GPU
    assert asked == [*(("run", steps[n]) for n in session.NETS), ("likely", steps["hand_palm"])]
