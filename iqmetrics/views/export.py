"""Re-exports the CSV files of a run for a spreadsheet or a data frame, without scoring anything.

Reads the CSV files that `iqm score` wrote, whose column types are known, row by row: a million rows
pass through in constant memory.
"""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from iqmetrics import remote
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.views.datapackage import INTEGERS, NUMBERS
from iqmetrics.views.feeds import LONG, PLACE, SCORECARD, beside, replace_if_changed, unguarded

TABLES = ("scores_long", "scores_wide", "scorecard")
EXCEL_ROWS, EXCEL_CELL = 1_048_576, 32_767
LONGEST = 2**31 - 1
"""Characters of a cell of ours that are read back: Python's own limit is 131,072."""
EXCEL_EXACT = 10**15
"""Whole numbers from here on lose digits in a sheet: a seed of 64 bits is written as text."""
WIDTHS = {"image": 32, "prompt": 48, "reason": 40, "model": 20, "metric": 22, "seed": 18}
"""Characters a column of a sheet shows; others are as wide as their name."""
_TEXT = {*LONG, *PLACE, *SCORECARD, "status"} - INTEGERS - NUMBERS


def rows(path: Path) -> Iterator[list[str]]:
    """The rows of one of our CSV files, header first.

    Raises:
        BadInput: the file is not there.
    """
    csv.field_size_limit(max(LONGEST, csv.field_size_limit()))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist", "iqm score FOLDER writes it") from error


def excel_csv(source: Path, target: Path, delimiter: str = ",", decimal: str = ".") -> None:
    """A CSV that Excel opens by double-click: with a BOM, and the locale's separators.

    Only numeric columns get the other decimal mark.

    Raises:
        BadInput: the separators are the same character.
    """
    if delimiter == decimal:
        raise BadInput(
            f"delimiter and decimal mark are both {delimiter!r}", "--delimiter ';' --decimal ','"
        )
    with beside(target) as fresh:
        with fresh.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
            numeric: list[bool] = []
            for row in rows(source):
                if not numeric:
                    numeric = [is_numeric(name) for name in row]
                    writer.writerow(row)
                    continue
                pairs = zip(row, numeric, strict=True)
                writer.writerow([v.replace(".", decimal) if number else v for v, number in pairs])
        replace_if_changed(fresh, target)


def is_numeric(column: str) -> bool:
    """Whether a column of ours holds numbers; every metric column does."""
    return column not in _TEXT


def typed(row: Sequence[str], header: Sequence[str]) -> list[Any]:
    """A CSV row with numbers as numbers and empty cells as None."""
    return [_typed(value, name) for value, name in zip(row, header, strict=True)]


def _typed(value: str, column: str) -> Any:
    if value == "":
        return None
    if column in INTEGERS:
        return int(value)
    return float(value) if is_numeric(column) else value


def workbook(folder: Path, target: Path, thumbnail: Callable[[str], bytes | None]) -> None:
    """An .xlsx with one sheet a table; rows of images show their thumbnail (PNG or JPEG bytes).

    Raises:
        Unavailable: xlsxwriter is not installed.
        BadInput: a table has more rows than a sheet can hold.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise Unavailable.extra("--xlsx", "xlsxwriter", "tables") from error
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        for name in ("scorecard", "scores_wide", "scores_long"):
            head = book.add_format({"bold": True})
            _sheet(book.add_worksheet(name), folder / f"{name}.csv", thumbnail, head)


def _sheet(sheet: Any, source: Path, thumbnail: Callable[[str], bytes | None], head: Any) -> None:
    import io

    pictures = source.stem == "scores_wide"
    shift = 1 if pictures else 0
    header: list[str] = []
    for number, row in enumerate(rows(source)):
        if number >= EXCEL_ROWS:
            raise BadInput(
                f"{source.name} has more than {EXCEL_ROWS:,} rows", "Use the CSV or --parquet"
            )
        if pictures and number and (data := thumbnail(unguarded(row[0]))):
            sheet.set_row_pixels(number, 96)
            place = {"image_data": io.BytesIO(data), "x_scale": 0.5, "y_scale": 0.5}
            sheet.insert_image(number, 0, "thumbnail", place)
        header = header or row
        values = typed(row, header) if number else row
        for column, value in enumerate(values):
            if isinstance(value, int) and abs(value) >= EXCEL_EXACT:
                value = str(value)
            if isinstance(value, str):
                style = head if number == 0 else None
                sheet.write_string(number, column + shift, value[:EXCEL_CELL], style)
            elif value is not None:
                sheet.write_number(number, column + shift, value)
    if pictures:
        sheet.set_column_pixels(0, 0, 100)
    for column, name in enumerate(header, shift):
        sheet.set_column(column, column, WIDTHS.get(name, max(10, len(name) + 4)))
    sheet.autofilter(0, shift, number, shift + len(header) - 1)
    sheet.freeze_panes(1, 1 + shift)


def parquet(
    source: Path, target: str | os.PathLike[str], part_rows: int = 0, batch: int = 50_000
) -> list[str]:
    """The same table as Parquet, streamed in row groups.

    Args:
        source: one of our CSV files.
        target: a file to write, here or at a URL; with `part_rows` a folder for part files.
        part_rows: most rows of a part file (rounded up to whole batches); 0 = one file.
        batch: rows of a row group.

    Returns:
        The files written.

    Raises:
        Unavailable: pyarrow is not installed.
    """
    try:
        from pyarrow import parquet as pq
    except ImportError as error:
        raise Unavailable.extra("--parquet", "pyarrow", "tables") from error
    tables = _arrow_tables(source, min(batch, part_rows or batch))
    written: list[str] = []
    table = next(tables, None)
    while table is not None:
        name = _part(target, len(written)) if part_rows else os.fspath(target)
        with remote.create(name) as file, pq.ParquetWriter(file, table.schema) as writer:
            rows = 0
            while table is not None and not (part_rows and rows >= part_rows):
                writer.write_table(table)
                rows += table.num_rows
                table = next(tables, None)
        written.append(name)
    stale = len(written)
    while part_rows and remote.remove(_part(target, stale)):  # of an earlier, longer export
        stale += 1
    return written


def _part(folder: str | os.PathLike[str], number: int) -> str:
    return f"{os.fspath(folder)}/part-{number:05d}.parquet"


def _arrow_tables(source: Path, batch: int) -> Iterator[Any]:
    """Arrow tables of `batch` rows; at least one, which may be empty."""
    import pyarrow as pa

    table = rows(source)
    header = next(table)
    types = {True: pa.int64(), False: pa.float64()}
    long = _long(source)
    schema = pa.schema(
        [
            (n, types[n in INTEGERS] if is_numeric(n) and n not in long else pa.string())
            for n in header
        ]
    )
    first = True
    while (chunk := list(islice(table, batch))) or first:
        first = False
        values = (zip(typed(row, header), header, strict=True) for row in chunk)
        told = [[str(v) if n in long and v is not None else v for v, n in row] for row in values]
        yield _arrow(pa, told, schema)


def _long(source: Path) -> set[str]:
    """Integer columns (seeds) with a number beyond 64 bits signed: they are exact as text."""
    table = rows(source)
    places = [(n, name) for n, name in enumerate(next(table)) if name in INTEGERS]
    return {
        name
        for row in table
        for n, name in places
        if len(row[n]) > 18 and not -(2**63) <= int(row[n]) < 2**63
    }


def _arrow(pa: Any, chunk: list[list[Any]], schema: Any) -> Any:
    columns = [list(column) for column in zip(*chunk, strict=True)] or [[] for _ in schema]
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
