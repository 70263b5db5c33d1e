import sys

import pytest

from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.nets.embedded import cpu_session


def test_a_net_of_the_ledger_opens_on_one_thread():
    pytest.importorskip("onnxruntime")
    session = cpu_session("face_short", "face")
    assert session.get_session_options().intra_op_num_threads == 1
    assert session.get_inputs()[0].shape[1:] == [128, 128, 3]


def test_an_unknown_net_is_refused():
    pytest.importorskip("onnxruntime")
    with pytest.raises((BadInput, UnknownName), match="no_such_net"):
        cpu_session("no_such_net", "face")


def test_a_missing_package_names_who_asked(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Unavailable, match="hands"):
        cpu_session("hand_palm", "hands")
