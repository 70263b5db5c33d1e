import numpy as np
import pytest
from lettering import drawn, pictured

from iqmetrics.nets.text.judging import judge, readabilities
from iqmetrics.nets.text.open import open_reader

pytest.importorskip("rapidocr")


def test_reading_stops_when_all_is_found_and_goes_on_when_not() -> None:
    reader = open_reader("onnxruntime")
    sign = drawn({(60, 50): "OPEN LATE"})
    found, lost = judge(
        reader, [pictured(sign), pictured(drawn({}))], [["open late"], ["MOUNTAIN"]]
    )
    assert found.complete and found.completeness == 1 and found.passes == ("quick",)
    assert not lost.complete and lost.completeness == 0 and "faint" in lost.passes
    ((sure,), (none,)) = readabilities(reader, [found, lost])
    assert sure > 0.9 and none == 0


def test_upside_down_lettering_is_read_in_a_later_pass() -> None:
    reader = open_reader("onnxruntime")
    sign = np.ascontiguousarray(np.rot90(drawn({(60, 50): "GARDEN 57"}), 2))
    (found,) = judge(reader, [pictured(sign)], [["GARDEN 57"]])
    assert found.complete and found.passes[-1] == "turned"
