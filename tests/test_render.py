"""How numbers and tables are printed."""

import os
import sys
from collections.abc import Callable

import pytest

from iqmetrics.records import YES_NO
from iqmetrics.render import (
    about,
    difference,
    interval,
    mean,
    number,
    printable,
    quantity,
    screen,
    share,
    table,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0, "0"), (-0.0, "0"), (1.0, "1"), (0.123456, "0.1235"), (31.41592, "31.42"),
        (1024, "1024"), (123456.7, "123457"), (0.00001234, "0.00001234"), (-2.5, "-2.5"),
    ],
)  # fmt: skip
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


def test_interval_needs_both_ends() -> None:
    assert interval(1, 2) == "[1, 2]"
    assert interval(None, 2) == ""


def test_table_lines_up_wide_characters() -> None:
    lines = table(["a", "b"], [["中文", "1"], ["x", "2"]]).splitlines()
    assert lines == ["a     b", "----  -", "中文  1", "x     2"]


def test_nothing_that_moves_the_cursor_is_printed() -> None:
    assert printable("a\x1b[2Jb\u202e\udcff\n") == "a\\x1b[2Jb\\u202e\\udcff\\n"
    assert printable("夏日 ☀ café") == "夏日 ☀ café"


@pytest.mark.parametrize("value", [1.5, -1.5, 1e-7, 123456789.0, 1e20, 0.99995, 9999.5, -3e-9])
def test_a_number_is_read_back_to_four_digits_and_has_no_exponent(value: float) -> None:
    text = number(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=5e-4, abs=1e-10)


def test_an_interval_keeps_its_order_and_signs() -> None:
    assert interval(-0.5, 0.25) == "[-0.5, 0.25]"
    assert interval(0.0, 0.0) == "[0, 0]"
    assert interval(1, None) == interval(None, None) == ""


def test_a_table_without_rows_is_nothing() -> None:
    assert table(["a"], []) == ""


def test_a_table_has_no_trailing_blanks() -> None:
    lines = table(["name", "b"], [["x", ""], ["", "y"]]).splitlines()
    assert lines == ["name  b", "----  -", "x", "      y"]


def test_a_row_of_another_length_is_a_mistake() -> None:
    with pytest.raises((ValueError, IndexError)):
        table(["a", "b"], [["x"]])


@pytest.mark.parametrize("text", ["\u2028", "\u200b", "\ufeff", "\x7f", "\x9b31m", "\u2066", "\t"])
def test_invisible_characters_become_visible(text: str) -> None:
    shown = printable(f"a{text}b")
    assert shown.isascii()
    assert shown.startswith("a\\")


@pytest.mark.parametrize("text", ["", "a b", "é", "夏", "☀", "\U0001f600", "\\n"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("value", "shown"), [(1.0, "yes"), (0.0, "no"), (-0.0, "no"), (0.5, "0.5"), (None, "")]
)
def test_a_yes_or_no_is_a_word_and_anything_else_stays_a_number(
    value: float | None, shown: str
) -> None:
    assert quantity(value, YES_NO) == shown
    assert quantity(value, "share") == number(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "100 % yes"), (0.0, "0 % yes"), (1 / 3, "33.33 % yes"), (0.9996, "99.96 % yes"), (None, "")],
)  # fmt: skip
def test_a_mean_of_yes_and_no_is_a_share_that_is_never_rounded_to_all(
    value: float | None, shown: str
) -> None:
    assert mean(value, YES_NO) == shown
    assert mean(value, "px") == number(value)


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "1 image"), (99, "99 images"), (101, "110 images"), (395, "400 images"),
     (1000, "1000 images"), (1001, "1100 images"), (999_999, "1000000 images")],
)  # fmt: skip
def test_an_estimate_has_two_digits_and_is_never_rounded_down(number: int, told: str) -> None:
    assert about(number, "image") == f"about {told}"


def test_differences_of_shares_are_points_and_their_intervals_too() -> None:
    assert difference(-0.125, YES_NO) == "-12.5 points"
    assert interval(-0.2, 0.05, YES_NO, difference) == "[-20 points, 5 points]"
    assert interval(0.2, 0.25, YES_NO) == "[20 %, 25 %]"
    assert interval(0.2, None, YES_NO) == interval(None, 0.2, YES_NO) == ""
    assert difference(None, YES_NO) == share(None, YES_NO) == ""


HEADER = ["name", "n", "about"]
ROWS = [["fox", "12", "one two three four five six"], ["a-long-name", "3", "short"]]


def test_a_text_is_folded_into_what_names_and_numbers_leave() -> None:
    assert table(HEADER, ROWS, 38, ["about"]).splitlines() == [
        "name         n   about",
        "-----------  --  ---------------------",
        "fox          12  one two three four",
        "                 five six",
        "a-long-name  3   short",
    ]


@pytest.mark.parametrize("room", [36, 20])
def test_what_finds_no_room_stands_below_its_row(room: int) -> None:
    folded = {36: ["one two three four five six"], 20: ["one two", "three four five", "six"]}[room]
    first, *more = folded
    assert table(HEADER, ROWS, room, ["about"]).splitlines() == [
        "name         n",
        "-----------  --",
        "fox          12",
        f"  about: {first}",
        *(f"  {line}" for line in more),
        "a-long-name  3",
        "  about: short",
    ]


@pytest.mark.parametrize("room", [None, 44, 200])
def test_a_table_that_fits_and_one_for_a_pipe_are_the_same(room: int | None) -> None:
    lines = table(HEADER, ROWS, room, ["about"]).splitlines()
    assert lines[2:] == [
        "fox          12  one two three four five six",
        "a-long-name  3   short",
    ]


def test_numbers_and_names_are_never_folded() -> None:
    header, row = ["metric", "95 %", "n", "told"], ["a b", "[-1, 2]", "14 pairs", "one two three"]
    assert table(header, [row, ["c", "", "", ""]], 17, ["told"]).splitlines() == [
        "metric  95 %",
        "------  -------",
        "a b     [-1, 2]",
        "  n: 14 pairs;",
        "  told: one two",
        "  three",
        "c",
    ]


def test_chinese_is_folded_by_its_width() -> None:
    rows = [["狐", "清晨的小巷，一间豆浆铺，木招牌上写着"], ["b", ""]]
    assert table(["id", "prompt"], rows, 26, ["prompt"]).splitlines() == [
        "id  prompt",
        "--  ----------------------",
        "狐  清晨的小巷，一间豆浆",
        "    铺，木招牌上写着",
        "b",
    ]


def test_a_word_longer_than_the_window_stays_whole_and_alone_sticks_out() -> None:
    name = "x" * 40
    assert table(["id", "told"], [["b", f"it is {name} here"]], 30, ["told"]).splitlines() == [
        "id  told",
        "--  --------------------------",
        "b   it is",
        f"    {name}",
        "    here",
    ]


def test_a_word_that_fits_only_below_stands_there_whole() -> None:
    name = "x" * 28
    assert table(["id", "told"], [["b", f"it is {name}"]], 30, ["told"]).splitlines() == [
        "id",
        "--",
        "b",
        "  told: it is",
        f"  {name}",
    ]


def test_a_command_below_its_row_is_in_one_piece() -> None:
    lines = table(["a" * 20, "told"], [["", "-> pip install one two"]], 20, ["told"]).splitlines()
    assert lines[2:] == ["  told: -> pip install one two"]


def test_the_window_counts_only_where_stdout_is_one(
    terminal: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert screen() is None
    terminal(100)
    assert screen() == 100


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_another_stream_has_a_width_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Talk goes to stderr: it may be a terminal where stdout is a pipe."""
    import fcntl
    import pty
    import struct
    import termios

    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 61, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        assert screen(stream) == 61
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        assert screen(stream) == 80
    os.close(ours)
    with open(os.devnull, "w") as stream:
        assert screen(stream) is None
