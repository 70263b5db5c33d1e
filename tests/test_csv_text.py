"""A table that ends inside a field in quotes is known from one that only holds odd quotes."""

import pytest

from iqmetrics.csv_text import ends_in_quotes


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("", False),
        ("a,b\n", False),
        ('a,"b"\n', False),
        ('a,"b""c"\n', False),
        ('a,5" screen\n', False),
        ('a,"b" c\n', False),
        ('a,"b\nc"\n', False),
        ('a,"b', True),
        ('a,"b\nc,d\n', True),
        ('a,"b""', True),
        ('x;"b', False),
    ],
)
def test_only_a_quote_that_is_never_closed_is_open(text: str, open_: bool) -> None:
    assert ends_in_quotes(text, ",") is open_


def test_the_delimiter_decides_where_a_field_begins() -> None:
    assert ends_in_quotes('x;"b', ";") and ends_in_quotes('x\t"b', "\t")
