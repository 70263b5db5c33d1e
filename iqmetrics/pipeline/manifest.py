"""manifest.jsonl: one row per requested image, failures and refusals included.

While images are made, each finished row is appended to a journal at once and the manifest is
rewritten whole (atomically) every few seconds: a killed run loses no row, and leaves a valid file.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from iqmetrics.errors import BadInput
from iqmetrics.links import led

NAME = "manifest.jsonl"
JOURNAL = ".manifest.journal"
PENDING = "pending"
ESCAPED = "backslashreplace"
"""Of text that is not UTF-8, such as a file's name in an error: JSON has the same escapes."""
EVERY_S = 2.0
SHARE = 20
"""A rewrite may take one part in so many of the time."""

Row = dict[str, Any]


class Manifest:
    """The rows of one output folder by file name, in the order of the request.

    Use as a context: leaving it, however that happens, writes the manifest and ends the journal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, Row] = {
            row["file_name"]: row for row in [*read(folder / NAME), *_journal(folder / JOURNAL)]
        }
        self._before: dict[str, Row] = {}
        self._journal: IO[str] | None = None
        self._written = time.monotonic()
        self._pause = EVERY_S

    def done(self, file_name: str, key: str) -> bool:
        """Whether this very request has its image, unchanged in size since it was made."""
        row = self.rows.get(file_name, {})
        if row.get("status") != "ok" or row.get("request") != key:
            return False
        try:
            return (self.folder / file_name).stat().st_size == row.get("bytes")
        except OSError:
            return False

    def refused(self, file_name: str, key: str) -> bool:
        """Whether this very request was refused by the provider: asking again would be a choice."""
        row = self.rows.get(file_name, {})
        return row.get("status") == "refused" and row.get("request") == key

    def plan(self, rows: Iterable[Row]) -> None:
        """Say that these images are requested and not made yet."""
        for row in rows:
            if old := self.rows.pop(row["file_name"], None):
                self._before[row["file_name"]] = old
            self.rows[row["file_name"]] = {**row, "status": PENDING, "reason": "not made yet"}
        self.write()

    def restore(self, file_name: str) -> None:
        """Take a plan back: an image that was there before, of whatever settings, is so again."""
        old = self._before.get(file_name, {})
        if old.get("status") == "ok" and (self.folder / file_name).is_file():
            self.rows[file_name] = old

    def __enter__(self) -> "Manifest":
        self.write()
        self._journal = (self.folder / JOURNAL).open("w", encoding="utf-8", errors=ESCAPED)
        return self

    def add(self, row: Row) -> None:
        """One request is answered; the row is on disk when this returns."""
        assert self._journal is not None, "rows are added inside the context"
        self.rows[row["file_name"]] = row
        self._journal.write(_line(row))
        self._journal.flush()
        if time.monotonic() - self._written > self._pause:
            self.write()

    def write(self) -> None:
        """Rewrite the manifest whole."""
        began = time.monotonic()
        place = led(self.folder / NAME)
        path = place.with_name(f"{place.name}.new")
        try:
            with path.open("w", encoding="utf-8", errors=ESCAPED) as file:
                file.writelines(map(_line, self.rows.values()))
                file.flush()
                os.fsync(file.fileno())
            path.replace(place)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise BadInput(
                f"{self.folder / NAME} cannot be written: {error.strerror}",
                "Free some space, then run the same command again: it goes on.",
            ) from error
        self._written = time.monotonic()
        self._pause = max(EVERY_S, SHARE * (self._written - began))

    def __exit__(self, *_: object) -> None:
        self.write()
        if self._journal:
            self._journal.close()
            self._journal = None
        (self.folder / JOURNAL).unlink(missing_ok=True)


def read(path: Path) -> list[Row]:
    """The rows of a manifest; none when the file does not exist.

    Raises:
        BadInput: a line is no row; says which.
    """
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_text("utf-8-sig", "surrogateescape").split("\n"), 1):
        if line.strip():
            row = _row(line) if _is_utf8(line) else None
            if row is None:
                raise BadInput(
                    f"{path}, line {number}, is not a row of a manifest",
                    "Move the file away; images whose row is lost are made again.",
                )
            rows.append(row)
    return rows


def _is_utf8(line: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in line)


def _journal(path: Path) -> list[Row]:
    """The whole rows of a journal; the last line may be cut short by a kill, and is no row then."""
    if not path.exists():
        return []
    rows = (_row(line) for line in path.read_text("utf-8", "replace").split("\n"))
    return [row for row in rows if row is not None]


def _row(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and isinstance(row.get("file_name"), str) else None


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str) + "\n"
