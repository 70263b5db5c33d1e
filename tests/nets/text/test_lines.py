import numpy as np

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
