import sys

import numpy as np
import pytest

from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.nets import embedded
from iqmetrics.nets.embedded import cpu_session, likely, load_each


def test_a_net_of_the_ledger_answers_under_its_names():
    pytest.importorskip("onnxruntime")
    session = cpu_session("face_short", "face")
    answers = session.run(np.zeros((2, 128, 128, 3), np.float32))
    assert [a.shape[1:] for a in answers] == [shape for _, shape in session.outputs]
    assert [len(a) for a in answers] == [2, 2]


def test_an_unknown_net_is_refused():
    pytest.importorskip("onnxruntime")
    with pytest.raises((BadInput, UnknownName), match="no_such_net"):
        cpu_session("no_such_net", "face")


def test_a_missing_package_names_who_asked(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Unavailable, match="hands"):
        cpu_session("hand_palm", "hands")


def test_likely_answers_are_those_of_a_logit_from_the_least_on_in_order():
    numbers = np.arange(2 * 4 * 3, dtype=np.float32).reshape(2, 4, 3)
    logits = np.array([[-1, 0.5, 0.4, 2], [-9, -9, -9, -9]], np.float32)[..., None]
    (anchors, kept, sure), (none, nothing, _) = likely(numbers, logits, 0.5)
    assert anchors.tolist() == [1, 3] and sure[:, 0].tolist() == [0.5, 2]
    assert np.array_equal(kept, numbers[0, [1, 3]])
    assert len(none) == 0 and nothing.shape == (0, 3)


def test_without_torch_a_gpu_is_refused_in_the_name_of_who_asked(monkeypatch):
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    opened = []
    load_each(("a", "b"), "face", "cpu", opened.append, lambda *_: None)
    assert opened == ["a", "b"]
    with pytest.raises(Unavailable, match="face on a GPU"):
        load_each(("a",), "face", "cuda", opened.append, lambda *_: None)
    assert opened == ["a", "b"]
