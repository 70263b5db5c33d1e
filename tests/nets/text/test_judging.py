import numpy as np
import pytest
from lettering import drawn, pictured

from iqmetrics.images import Picture
from iqmetrics.nets.text import judging
from iqmetrics.nets.text.judging import Judged, judge, readabilities
from iqmetrics.nets.text.lines import Line
from iqmetrics.nets.text.open import open_reader
from iqmetrics.nets.text.reading import PASSES

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


class Fake:
    """A reader that says, for each pass, lines known beforehand."""

    alphabet = ("A",)
    device = "cpu"

    def __init__(self, says: dict[str, list[str]]) -> None:
        self.says, self.asked = says, []

    def lines(self, pictures: list, what: str) -> list[list[Line]]:
        self.asked += [(what, len(pictures))] if pictures else []
        texts = self.says.get(what, [])
        return [[line(t, 0, 90 * i) for i, t in enumerate(texts)] for _ in pictures]


def sheet(side: int = 1024) -> Picture:
    return pictured(np.zeros((side, side, 3), np.uint8))


def test_passes_follow_from_cheap_to_dear_and_stop_at_success() -> None:
    reader = Fake({"quick": ["OPEM LATE"], "full": ["OPEN LATE"]})
    (found,) = judge(reader, [sheet()], [["OPEN LATE"]])
    assert found.complete and found.passes == ("quick", "glance", "full")


def test_the_glance_is_left_out_where_something_is_lost() -> None:
    reader = Fake({"quick": ["OPEN"], "full": ["OPEN", "SHUT"]})
    (found,) = judge(reader, [sheet()], [["OPEN", "SHUT"]])
    assert found.complete and found.passes == ("quick", "full")


def test_absent_text_takes_every_pass_that_adds_something_once() -> None:
    reader = Fake({})
    (lost,) = judge(reader, [sheet()], [["OPEN"]])
    assert [p for p, _ in reader.asked if p != "glance"] == [p for p in PASSES if p != "glance"]
    assert lost.matches == (None,) and lost.completeness == 0 and not lost.complete


def test_large_lettering_that_was_found_but_is_wrong_gets_no_fine_look() -> None:
    reader = Fake({"quick": ["MOUNTAIM"]})
    judge(reader, [sheet()], [["MOUNTAIN"]])
    asked = [p for p, _ in reader.asked]
    assert "turned" in asked and "far" not in asked
    assert ("fine" in asked) is (judging.SMALL_PRINT > 20), "its lines are 20 px high"


def test_a_picture_is_judged_as_if_alone() -> None:
    says = {"quick": ["OPEM"], "full": ["OPEN", "exit"]}
    targets = [["OPEN"], ["SHUT"], ["EXIT", "OPEN"]]
    together = judge(Fake(says), [sheet(), sheet(), sheet()], targets)
    alone = [judge(Fake(says), [sheet()], [t])[0] for t in targets]
    for a, b in zip(together, alone, strict=True):
        assert a.passes == b.passes and a.matches == b.matches
        assert [x.text for x in a.lines] == [x.text for x in b.lines]


def test_only_the_wanting_are_read_on() -> None:
    reader = Fake({"quick": ["OPEN"]})
    judge(reader, [sheet(), sheet()], [["OPEN"], ["SHUT"]])
    assert reader.asked[0] == ("quick", 2)
    assert {n for _, n in reader.asked[1:]} == {1}


def test_no_targets_are_complete_at_once() -> None:
    reader = Fake({"quick": ["OPEN"]})
    (found,) = judge(reader, [sheet()], [[]])
    assert found.complete and found.completeness == 0 and reader.asked == []


def test_completeness_weighs_by_length_and_is_bounded() -> None:
    lines = [line("OPEN", 0, 0), line("MOUNTAIN VIEW", 0, 90)]
    both = judging._held_against(("OPEN", "MOUNTAIN VIEW"), lines)
    one = judging._held_against(("OPEN", "MOUNTAIN VIEW"), lines[:1])
    other = judging._held_against(("OPEN", "MOUNTAIN VIEW"), lines[1:])
    assert both.completeness == 1
    assert one.completeness == 4 / 16 and other.completeness == 12 / 16


def test_a_later_pass_never_makes_a_reading_worse() -> None:
    known = judging._better(Judged(("OPEN LATE",), (), (None,)), [line("OPEN LATE", 0, 0)], "quick")
    worse = judging._better(known, [line("0P3N L4T3", 0, 0), line("junk", 0, 50)], "full")
    assert worse.completeness >= known.completeness and worse.passes == ("quick", "full")


def test_the_whole_line_is_forced_but_for_the_part_that_was_asked() -> None:
    assert judging._with_part("NOW OPEM LATE!", 3, 11, "OPENLATE") == "NOW OPEN LATE!"
    assert judging._with_part("", 0, 0, "OPEN") == "OPEN"
    assert judging._with_part("25㎡ ROOM", 0, 4, "25m2") == "25㎡ ROOM"


def test_characters_the_net_does_not_know_lower_readability() -> None:
    class Sure(Fake):
        def likelihoods(self, images: list, classes: list) -> list[float]:
            return [1.0 if c else 0.0 for c in classes]

    def read(text: str) -> float:
        match = judging._held_against((text,), [line(text, 0, 0)])
        ((value,),) = readabilities(Sure({}), [match])
        return value

    assert read("AA") > read("AЖ") > read("ЖЖ")


def test_the_likest_of_new_lines_is_tried_first() -> None:
    known = Judged(("HAPPY HOUR",), (), (None,))
    new = [line("HAPPY HOOT", 0, 0), line("HAPPY HOUR", 0, 40), line("HAPPY HOUS", 0, 80)]
    found = [x.text for x in judging._promising(known, new)]
    assert found == ["HAPPY HOUR", "HAPPY HOUS", "HAPPY HOOT"]


def test_a_pass_that_reads_nothing_changes_nothing_but_is_named() -> None:
    known = judging._better(Judged(("LENS",), (), (None,)), [line("LENS", 0, 0)], "quick")
    later = judging._better(known, [], "turned")
    assert (later.lines, later.matches) == (known.lines, known.matches)
    assert later.passes == ("quick", "turned")
