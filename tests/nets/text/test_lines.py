from dataclasses import replace

import numpy as np

from iqmetrics.nets.text import lines
from iqmetrics.nets.text.lines import Line, distinct, merged, orders, overlap


def line(text: str, x: float, y: float, w: float = 80, h: float = 20, turn: float = 0) -> Line:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    c, s = np.cos(turn), np.sin(turn)
    return Line(
        (corners @ np.array([[c, s], [-s, c]])).astype(np.float32),
        text,
        0.9,
        np.zeros((20, 80, 3), np.uint8),
    )


def read(lines: list[Line]) -> list[list[str]]:
    return [[lines[i].text for i in order] for order in orders(lines)]


def test_rows_are_read_left_to_right_then_down() -> None:
    assert ["A", "B", "C"] in read([line("C", 0, 60), line("B", 100, 2), line("A", 0, 0)])


def test_a_tilted_page_is_read_as_if_level() -> None:
    page = [line("C", 0, 30), line("B", 200, 0), line("A", 0, 0)]
    tilted = [
        line(x.text, *p, turn=-0.3) for x, p in zip(page, [(0, 30), (200, 0), (0, 0)], strict=True)
    ]
    assert ["A", "B", "C"] in read(tilted)


def test_columns_are_also_read_from_the_right() -> None:
    columns = [line("left", 0, 0, 20, 200), line("right", 100, 0, 20, 200)]
    assert ["right", "left"] in read(columns)


def test_far_blocks_are_read_apart() -> None:
    page = [line("A", 0, 0), line("B", 0, 24), line("X", 400, 0), line("Y", 400, 24)]
    assert ["A", "B"] in read(page) and ["X", "Y"] in read(page)


def test_overlap_follows_the_outline_not_its_upright_box() -> None:
    a, b = line("A", 0, 0, 200, 20, turn=0.7), line("B", 0, 40, 200, 20, turn=0.7)
    assert overlap(a, b) == 0
    assert overlap(a, a) > 0.95
    half = line("half", 40, 0)
    assert 0.4 < overlap(line("A", 0, 0), half) < 0.6


def test_distinct_keeps_the_longer_sure_reading() -> None:
    kept = distinct([line("OPE", 0, 0), line("OPEN", 2, 0), line("EXIT", 0, 60)])
    assert sorted(x.text for x in kept) == ["EXIT", "OPEN"]


def test_merged_prefers_the_new() -> None:
    old, new = [line("0PEN", 0, 0), line("EXIT", 0, 60)], [line("OPEN", 0, 0)]
    assert [x.text for x in merged(old, new)] == ["OPEN", "EXIT"]


def test_height_and_slope() -> None:
    assert line("A", 0, 0, 80, 20).height == 20
    assert abs(line("A", 0, 0, turn=0.2).slope - 0.2) < 1e-5


def test_one_line_or_none_needs_no_order() -> None:
    assert orders([]) == [] and orders([line("A", 0, 0)]) == []


def test_upside_down_pages_are_also_read_backwards() -> None:
    page = [line("A", 0, 0), line("B", 0, 24)]
    turned = [replace(x, upside_down=True) for x in page]
    assert ["B", "A"] in read(turned)
    assert ["B", "A"] not in read(page)


def test_a_row_holds_what_shares_half_its_height() -> None:
    assert ["A", "B", "C"] in read([line("C", 0, 24), line("B", 100, 8), line("A", 0, 0)])
    assert ["A", "C", "B"] in read([line("C", 0, 14), line("B", 100, 26), line("A", 0, 0)])


def test_every_order_names_every_line_of_its_block_once() -> None:
    rng = np.random.default_rng(0)
    page = [line(str(i), *rng.uniform(0, 400, 2)) for i in range(12)]
    for order in orders(page):
        assert len(order) == len(set(order)) > 1
    assert any(sorted(order) == list(range(12)) for order in orders(page))


def test_overlap_is_of_the_smaller_and_symmetric() -> None:
    whole, part = line("whole", 0, 0, 200, 40), line("part", 50, 10, 40, 20)
    assert overlap(whole, part) > 0.9
    assert abs(overlap(whole, part) - overlap(part, whole)) < 0.02
    assert overlap(whole, line("away", 500, 0)) == 0
    assert overlap(whole, line("beside", 200, 0)) == 0


def test_merged_with_nothing_is_the_other() -> None:
    page = [line("A", 0, 0), line("B", 0, 60)]
    assert merged(page, []) == page and merged([], page) == page


def test_distinct_does_not_depend_on_order() -> None:
    page = [line("OPE", 0, 0), line("OPEN", 2, 0), line("EXIT", 0, 60), line("EXI", 1, 60)]
    one, other = ([x.text for x in distinct(p)] for p in (page, page[::-1]))
    assert one == other == ["EXIT", "OPEN"] or sorted(one) == sorted(other) == ["EXIT", "OPEN"]


def test_a_ring_is_level_and_as_high_as_its_strip() -> None:
    outline = np.random.default_rng(0).uniform(0, 100, (64, 2)).astype(np.float32)
    ring = Line(outline, "ROUND", 0.9, np.zeros((33, 200, 3), np.uint8))
    assert ring.slope == 0 and ring.height == 33


def test_a_steep_line_is_a_column_not_a_slope() -> None:
    assert line("A", 0, 0, turn=1.2).slope == 0
    assert line("A", 0, 0, 20, 90).box == (0, 0, 20, 90)


def test_a_level_page_is_ordered_by_its_own_boxes() -> None:
    page = [line("A", 0, 0), line("B", 90, 40), line("C", 0, 80, turn=0.3)]
    assert lines._level_boxes(page) == [x.box for x in page]
    turned = [line("A", 0, 0, turn=0.2), line("B", 90, 40, turn=0.2)]
    assert lines._level_boxes(turned) != [x.box for x in turned]
