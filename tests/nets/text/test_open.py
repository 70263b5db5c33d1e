import pytest
from lettering import drawn, pictured

from iqmetrics.errors import Unavailable
from iqmetrics.nets import sessions
from iqmetrics.nets.text import open as opening


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == "rapidocr" else object())
    with pytest.raises(Unavailable, match="rapidocr") as raised:
        opening.open_reader()
    assert "iqmetrics[score]" in raised.value.hint


def test_auto_takes_openvino_where_it_is_and_onnxruntime_where_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "find_spec", lambda name: object())
    assert opening.settled("auto", "cpu") == "openvino"
    assert opening.settled("onnxruntime", "cpu") == "onnxruntime"
    assert opening.settled("auto", "cuda") == "torch"
    monkeypatch.setattr(sessions, "find_spec", lambda name: None)
    assert opening.settled("auto", "cpu") == "onnxruntime"


@pytest.mark.parametrize("text", ["OPEN LATE", "Garden 24"])
def test_both_runtimes_read_the_same(text: str) -> None:
    pytest.importorskip("openvino")
    picture = drawn({(20, 40): text})
    said = []
    for runtime in ("onnxruntime", "openvino"):
        reader = opening.open_reader(runtime)
        (lines,) = reader.lines([pictured(picture)], "quick")
        said.append([line.text for line in lines])
    assert said[0] == said[1] and said[0][0]
