import numpy as np
import pytest
from lettering import drawn, pictured

from iqmetrics.nets.text import judging
from iqmetrics.nets.text.judging import Judged, judge, readabilities
from iqmetrics.nets.text.lines import Line
from iqmetrics.nets.text.open import open_reader

pytest.importorskip("rapidocr")


def test_reading_stops_when_all_is_found_and_goes_on_when_not() -> None:
    reader = open_reader("onnxruntime")
    sign = drawn({(60, 50): "OPEN LATE"})
    found, lost = judge(
        reader, [pictured(sign), pictured(drawn({}))], [["open late"], ["MOUNTAIN"]]
    )
    assert found.complete and found.completeness == 1 and found.passes == ("quick",)
    assert not lost.complete and lost.completeness == 0 and lost.passes[-1] == "fine"
    ((sure,), (none,)) = readabilities(reader, [found, lost])
    assert sure > 0.9 and none == 0


def test_upside_down_lettering_is_read_in_a_later_pass() -> None:
    reader = open_reader("onnxruntime")
    sign = np.ascontiguousarray(np.rot90(drawn({(60, 50): "GARDEN 57"}), 2))
    (found,) = judge(reader, [pictured(sign)], [["GARDEN 57"]])
    assert found.complete and found.passes[-1] == "turned"


def line(text: str, x: float, y: float) -> Line:
    corners = np.array([[x, y], [x + 100, y], [x + 100, y + 20], [x, y + 20]], np.float32)
    return Line(corners, text, 0.9, np.zeros((20, 100, 3), np.uint8))


def test_a_line_that_helps_is_taken_from_a_pass_that_spoils_another() -> None:
    known = Judged(("HAPPY HOUR", "LIVE MUSIC"), (), (None, None))
    known = judging._better(known, [line("HAPPY HOOR", 0, 0), line("LIVE MUSIC", 0, 90)], "quick")
    better = judging._better(known, [line("HAPPY HOUR", 0, 0), line("LIME HUSIC", 0, 90)], "wide")
    assert better.complete and better.passes == ("quick", "wide")


def test_a_stray_letter_does_not_mend_a_misspelling() -> None:
    known = judging._better(Judged(("LENSE",), (), (None,)), [line("LENS", 0, 0)], "quick")
    assert judging._promising(known, [line("E", 110, 0), line("QUIET ROOM", 0, 50)]) == []
    assert [x.text for x in judging._promising(known, [line("LENSE", 0, 1)])] == ["LENSE"]
