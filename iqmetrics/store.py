"""scores.sqlite: every outcome of every (image, scorer), content-addressed; resume and cache.

Five tables. `files`: what was read of a path, valid while size, mtime and inode stay the same.
`outcomes`: one row a key, where the key is a digest of everything that the outcome depends on, so
an outcome is never stale and any number of processes may write it. `images`: the records of the
last run, in order. `thumbnails`: small pictures for the report, by content. `runs`: small facts
about the last run. WAL with synchronous=NORMAL: a killed process loses no committed row.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from iqmetrics.errors import BadInput
from iqmetrics.records import ImageRecord, Missing, Reading, dump

SCHEMA_VERSION = 2
CHUNK = 500
"""Keys in one query."""
CACHE_KIB = 1 << 16
"""Memory that SQLite may keep pages in: keys are digests, so readings lie all over the file."""
LOG_PAGES = 4000
"""Pages of the log before they are put in their places: few of the many that keys hit are hit twice
in a short one."""
_ROOM = "Free some room and run the same command again: it goes on"
_BUSY = "Another program holds it: wait or close that, then run the same command again"
_AGAIN = "Delete it to score again, or give another folder with --out, on a local disk"
_ELSEWHERE = "Give another folder with --out, on a local disk that you may write to"
_HINTS = {
    "SQLITE_FULL": _ROOM,
    "SQLITE_IOERR": _ROOM,
    "SQLITE_READONLY": _ELSEWHERE,
    "SQLITE_CANTOPEN": _ELSEWHERE,
    "SQLITE_PERM": _ELSEWHERE,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_CORRUPT": _AGAIN,
    "SQLITE_NOTADB": _AGAIN,
}
"""What its owner can do about a disk or a file, by how SQLite's names begin."""
_REPEATED = ("model", "prompt_id", "prompt", "negative")
"""Texts of a record that other images have too."""
NONE: Mapping[str, Missing] = {}
WAIT_S = 30
"""Seconds that another process may hold the file."""
Change = tuple[str, Iterable[tuple[Any, ...]]]
"""A table's name and rows for it, which replace those of the same key."""
_INSERT = {
    table: f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * columns)})"
    for table, columns in (("files", 6), ("outcomes", 5), ("thumbnails", 2), ("runs", 2))
}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, sha256 TEXT, facts TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (
    key BLOB PRIMARY KEY, scorer TEXT NOT NULL, "values" TEXT NOT NULL, missing TEXT NOT NULL,
    evidence TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS images (
    position INTEGER PRIMARY KEY, record TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS thumbnails (sha256 TEXT PRIMARY KEY, jpeg BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class FileRow(NamedTuple):
    """What was read of one file: its stat, its sha256, and facts as the reader gave them."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    sha256: str
    facts: str

    @property
    def stat(self) -> tuple[int, int, int]:
        """What must be unchanged for the row to hold."""
        return self.size, self.mtime_ns, self.inode


def outcome_key(*parts: str) -> bytes:
    """16 bytes that stand for everything that an outcome depends on."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).digest()


class Results:
    """Takes what was found out of images: a store, or whoever hands it on to one."""

    def write(self, changes: Iterable[Change]) -> None:
        """Put rows into tables, all or none."""
        raise NotImplementedError

    def add(self, outcomes: Iterable[tuple[bytes, str, Reading]]) -> None:
        """Record (key, scorer, reading); committed when this returns, in a store."""
        rows = [  # made before others have to wait
            (key, scorer, values, _dump_missing(reading), evidence)
            for key, scorer, reading in outcomes
            for values, evidence in [reading.written()]
        ]
        self.write([("outcomes", rows)])

    def add_thumbnails(self, thumbnails: Iterable[tuple[str, bytes]]) -> None:
        """Keep (content, JPEG bytes) of some images."""
        self.write([("thumbnails", thumbnails)])


class Store(Results):
    """One open scores.sqlite; `path` None keeps it in memory. Use as a context manager.

    Several threads may write through one of these.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.folder = path.parent if path else None
        self._writing = Lock()
        try:
            self._db = sqlite3.connect(path or ":memory:", timeout=WAIT_S, check_same_thread=False)
            _keep_a_log(self._db)
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._db.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            if _hint(error) != _ELSEWHERE or not self._opened_to_read():
                raise BadInput(
                    f"{path} cannot be opened as a score store: {error}", _hint(error) or _AGAIN
                ) from error
        found = self.get("schema")
        if found is None:
            self.put("schema", str(SCHEMA_VERSION))
        elif found != str(SCHEMA_VERSION):
            raise BadInput(
                f"{path} was written by another version of iqmetrics (schema {found})",
                "Give a new folder with --out",
            )

    def _opened_to_read(self) -> bool:
        """Whether a store that may not be written can be read: somebody else's, on a shared disk.

        Where nobody is writing (no log) SQLite is told so: else it would make files beside it.
        """
        if self.path is None or not self.path.is_file():
            return False
        log = self.path.with_name(self.path.name + "-wal")
        how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
        try:
            place = f"{self.path.absolute().as_uri()}?{how}"
            self._db = sqlite3.connect(place, uri=True, check_same_thread=False)
            return self.get("schema") is not None
        except (sqlite3.Error, BadInput):
            return False

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def is_empty(self) -> bool:
        """Whether no file was read and no run came to its scorers."""
        return self.get("run") is None and next(self.files(), None) is None

    def files(self) -> Iterator[FileRow]:
        """Every known file."""
        for path, *rest in self._rows(
            "SELECT path, size, mtime_ns, inode, sha256, facts FROM files"
        ):
            yield FileRow(os.fsdecode(path), *rest)

    def add_files(self, rows: Iterable[FileRow]) -> None:
        """Remember what was read of some files; committed when this returns."""
        self.write([("files", ((os.fsencode(row.path), *row[1:]) for row in rows))])

    def keys(self, scorer: str | None = None) -> set[bytes]:
        """The keys of all outcomes, or of those of one scorer."""
        query = "SELECT key FROM outcomes WHERE ?1 IS NULL OR scorer = ?1"
        return {key for (key,) in self._rows(query, (scorer,))}

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of the keys that have an outcome."""
        rows = self._among("SELECT key FROM outcomes WHERE key", list(keys))
        return {key for some in rows for (key,) in some}

    def drop(self, keys: Iterable[bytes]) -> None:
        """Forget some outcomes, so that they are scored again."""
        with self._change():
            self._db.executemany("DELETE FROM outcomes WHERE key = ?", ((key,) for key in keys))

    def readings(self, keys: Iterable[bytes], evidence: int = 0) -> dict[bytes, Reading]:
        """The readings behind the keys; a key without an outcome is left out.

        Args:
            keys: what `ScorerFacts.key` gives for an image, or `set_key` for a set.
            evidence: the longest evidence that is read, in characters of JSON; 0 reads none.
        """
        found = dict[bytes, Reading]()
        fits = f"CASE WHEN length(evidence) <= {int(evidence)} THEN evidence ELSE '{{}}' END"
        proof = fits if evidence else "'{}'"
        query = f'SELECT key, "values", missing, {proof} FROM outcomes WHERE key'
        for rows in self._among(query, list(keys)):
            with self._understood():
                values, missing, proofs = (_parsed(row[n] for row in rows) for n in (1, 2, 3))
                for row, numbers, gone, drawn in zip(rows, values, missing, proofs, strict=True):
                    lacking = {n: _missing(*pair) for n, pair in gone.items()} if gone else NONE
                    found[row[0]] = Reading.checked(numbers, lacking, drawn)
        return found

    def retriable(self) -> list[bytes]:
        """Keys of outcomes with a metric that failed: the next run tries them once more."""
        query = "SELECT key FROM outcomes WHERE instr(missing, '[\"failed\",') > 0"
        return [key for (key,) in self._rows(query)]

    def put_images(self, records: Iterable[ImageRecord]) -> None:
        """Replace the records of the last run."""
        rows = ((n, dump(record.to_json())) for n, record in enumerate(records))
        with self._change():
            self._db.execute("DELETE FROM images")
            self._db.executemany("INSERT INTO images VALUES (?,?)", rows)

    def images(self, start: int = 0, count: int = -1) -> Iterator[ImageRecord]:
        """The records of the last run, in order; `count` -1 is all from `start` on."""
        query = "SELECT record FROM images WHERE position >= ? ORDER BY position LIMIT ?"
        shared: dict[Any, Any] = {}  # a prompt of many images is held once
        for (text,) in self._rows(query, (start, count)):
            with self._understood():
                row = json.loads(text)
                for name in _REPEATED:
                    row[name] = shared.setdefault(row[name], row[name])
                record = ImageRecord.from_json(row, shared)
            yield record

    def count_images(self) -> int:
        """How many images the last run covers."""
        # Positions are 0, 1, 2 ...; counting would read every record.
        query = "SELECT coalesce(max(position) + 1, 0) FROM images"
        ((count,),) = self._rows(query)
        return int(count)

    def thumbnail(self, sha256: str) -> bytes | None:
        """The JPEG bytes of one image."""
        query = "SELECT jpeg FROM thumbnails WHERE sha256 = ?"
        return next((jpeg for (jpeg,) in self._rows(query, (sha256,))), None)

    def thumbnails(self, contents: Sequence[str]) -> dict[str, bytes]:
        """The JPEG bytes of some images; one without any is left out."""
        query = "SELECT sha256, jpeg FROM thumbnails WHERE sha256"
        return {name: jpeg for some in self._among(query, contents) for name, jpeg in some}

    def with_thumbnail(self, contents: Sequence[str]) -> set[str]:
        """Those of the images that have a thumbnail."""
        query = "SELECT sha256 FROM thumbnails WHERE sha256"
        return {name for some in self._among(query, contents) for (name,) in some}

    def _among(self, query: str, wanted: Sequence[Any]) -> Iterator[list[Any]]:
        """Rows of a query whose last word is a column, where that is one of the wanted ones."""
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            marks = ",".join("?" * len(chunk))
            yield list(self._rows(f"{query} IN ({marks})", chunk))

    def _rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query; a file that is damaged, or none of ours, is told with its path."""
        try:
            yield from self._db.execute(query, values)
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"{self.path} cannot be read as a score store: {error}", _hint(error) or _AGAIN
            ) from error

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What lies in a row was damaged, or written by something else: told with its path."""
        try:
            yield
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise BadInput(f"a row of {self.path} is damaged: {error}", _AGAIN) from error

    def get(self, name: str) -> str | None:
        """A fact about the last run."""
        query = "SELECT value FROM runs WHERE name = ?"
        return next((value for (value,) in self._rows(query, (name,))), None)

    def put(self, name: str, value: str) -> None:
        """Remember a fact about this run."""
        self.write([("runs", [(name, value)])])

    def write(self, changes: Iterable[Change]) -> None:
        """Put rows into tables, all or none; committed when this returns."""
        with self._change():
            for table, rows in changes:
                self._db.executemany(_INSERT[table], rows)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """All of it or nothing; what a full disk did not take is told with the store's path."""
        try:
            with self._writing, self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.DatabaseError as error:
            if not (hint := _hint(error)):
                raise
            where = self.path or "the store in memory"
            raise BadInput(f"{where} cannot be written: {error}", hint) from error


def _keep_a_log(db: sqlite3.Connection) -> None:
    """Switch to WAL, again and again while others open the same new file.

    SQLite does not wait here by itself: two that both read and both want to write would wait
    for each other (https://sqlite.org/c3ref/busy_handler.html).
    """
    until = time.monotonic() + WAIT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if _hint(error) != _BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _hint(error: sqlite3.Error) -> str:
    """What to do about a disk that takes nothing; "" where it is something else."""
    name = getattr(error, "sqlite_errorname", "")
    return next((hint for start, hint in _HINTS.items() if name.startswith(start)), "")


def _dump_missing(reading: Reading) -> str:
    return dump({name: [m.status, m.reason] for name, m in reading.missing.items()})


def _parsed(texts: Iterable[str]) -> list[Any]:
    """Many JSON objects in one go: the parser is fast, its start is not."""
    found: list[Any] = json.loads(f"[{','.join(texts)}]")
    return found


@lru_cache(maxsize=4096)
def _missing(status: str, reason: str) -> Missing:
    """The same few reasons stand beside most of the images."""
    return Missing(status, reason)
