import sys

import numpy as np
import pytest

from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.nets.embedded import cpu_session


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
