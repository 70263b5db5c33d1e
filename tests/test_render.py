"""How numbers and tables are printed."""

import pytest

from iqmetrics.render import interval, number, printable, table


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
