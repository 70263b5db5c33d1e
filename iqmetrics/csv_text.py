"""What the csv module takes in silence: a table that ends inside a field in quotes."""

import csv
import io


def ends_in_quotes(text: str, delimiter: str) -> bool:
    """Whether the last field is opened and never closed: half the table may be in it.

    Example:
        >>> ends_in_quotes('a,"b', ","), ends_in_quotes('a,"b"', ",")
        (True, False)
    """
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False
