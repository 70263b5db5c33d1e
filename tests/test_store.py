"""The store: nothing acknowledged is lost, whoever is killed; many processes may write."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.records import ImageRecord, Missing, Reading, Source
from iqmetrics.store import FileRow, Store, outcome_key

READING = Reading({"a": 0.1, "b": -3.0}, {"c": Missing("abstained", "blurred")}, {"box": [1, 2]})


def test_a_reading_comes_back_as_it_was(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        store.add([(b"k", "scorer", READING)])
    with Store(tmp_path / "s.sqlite") as store:
        assert store.readings([b"k", b"absent"], evidence=1000) == {b"k": READING}
        assert store.readings([b"k"])[b"k"].evidence == {}
        assert store.keys() == {b"k"}


def test_floats_keep_every_bit(tmp_path: Path) -> None:
    value = 0.1 + 0.2
    with Store(None) as store:
        store.add([(b"k", "s", Reading({"a": value}))])
        assert store.readings([b"k"])[b"k"].values["a"] == value


def test_names_that_are_not_utf8_come_back(tmp_path: Path) -> None:
    row = FileRow(os.fsdecode(b"\xff\xfe.png"), 1, 2, 3, "ab", "{}")
    with Store(tmp_path / "s.sqlite") as store:
        store.add_files([row])
        assert list(store.files()) == [row]


def test_a_store_is_empty_until_a_file_was_read_or_a_run_began() -> None:
    with Store(None) as store:
        assert store.is_empty()
        store.put("run", "{}")
        assert not store.is_empty()
    with Store(None) as store:
        store.add_files([FileRow("a.png", 1, 2, 3, "ab", "{}")])
        assert not store.is_empty()


def test_only_failed_outcomes_are_tried_again() -> None:
    failed = Reading({}, {"a": Missing("failed", "ValueError: x")})
    with Store(None) as store:
        store.add([(b"1", "s", failed), (b"2", "s", READING)])
        assert store.retriable() == [b"1"]
        store.drop([b"1"])
        assert store.keys() == {b"2"}


def test_a_reason_that_mentions_failed_is_not_a_failure() -> None:
    told = Reading({}, {"a": Missing("abstained", 'the word "failed" is in the picture')})
    named = Reading({}, {"failed": Missing("abstained", "too small")})
    quoting = Reading({}, {"a": Missing("abstained", '["failed", ["failed",')})
    with Store(None) as store:
        store.add([(b"1", "s", told), (b"2", "s", named), (b"3", "s", quoting)])
        assert store.retriable() == []


def test_keys_depend_on_every_part_and_on_their_borders() -> None:
    assert outcome_key("ab", "c") != outcome_key("a", "bc")
    assert outcome_key("a", "\udcff") != outcome_key("a", "\udcfe")
    known = "81401c2e7513ca34d339ce71fff7afc1"
    assert outcome_key("ab", "c").hex() == known, "another key scores every image again"


def test_threads_write_through_one_store(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store, ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(store.add, [(b"%d" % n, "s", READING)]) for n in range(40)]
        assert [done.result(60) for done in writes] == [None] * 40
        assert len(store.keys()) == 40


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(BadInput, match="cannot be opened"):
        Store(path)


def test_another_schema_is_told(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    with Store(path) as store:
        store.put("schema", "999")
    with pytest.raises(BadInput, match=r"another version of iqmetrics \(schema 999\)") as told:
        Store(path)
    assert told.value.hint == "Give a new folder with --out"


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    script = WRITER.replace("10**9", "int(sys.argv[2]) + 100")
    commands = [[sys.executable, "-c", script, str(path), str(n * 100)] for n in range(4)]
    writers = [subprocess.Popen(c, stdout=subprocess.DEVNULL) for c in commands]
    assert [writer.wait() for writer in writers] == [0] * 4
    with Store(path) as store:
        assert store.keys() == {outcome_key(str(n)) for n in range(400)}


def test_a_new_store_that_another_is_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # SQLite itself does not wait for this one
    done = Timer(0.2, lambda: other.execute("COMMIT"))
    done.start()
    with Store(path) as store:
        store.put("run", "1")
    done.join()
    other.close()


def test_a_store_that_stays_held_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iqmetrics.store.WAIT_S", 0.1)
    path = tmp_path / "s.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BadInput, match=r"cannot be opened as a score store: .* locked") as told:
            Store(path)
    assert told.value.hint.startswith("Another program holds it")


WRITER = """
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Timer
from iqmetrics.records import Reading
from iqmetrics.store import Store, outcome_key
with Store(Path(sys.argv[1])) as store:
    for number in range(int(sys.argv[2]), 10**9):
        store.add([(outcome_key(str(number)), "s", Reading({"a": float(number)}))])
        print(number, flush=True)
"""


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path, kills: int) -> None:
    path, acknowledged, start = tmp_path / "s.sqlite", set(), 0
    chance = random.Random(7)
    for _ in range(kills):
        command = [sys.executable, "-c", WRITER, str(path), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
            acknowledged |= {int(n) for n in writer.stdout.read().split()} | {start}
        start = max(acknowledged) + 1
    with Store(path) as store:
        assert {outcome_key(str(n)) for n in acknowledged} <= store.keys()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


BROKEN = os.fsdecode(b"\xff\xfe.png")


def test_a_reason_or_evidence_that_names_a_broken_file_name_is_kept() -> None:
    """A scorer that fails with "cannot open \\udcff.png" must not end the run."""
    told = Reading(
        {"a": 1.0}, {"b": Missing("failed", f"cannot open {BROKEN}")}, {"text": [BROKEN, "夏"]}
    )
    with Store(None) as store:
        store.add([(b"k", "s", told)])
        assert store.readings([b"k"], evidence=1000)[b"k"] == told
        assert store.retriable() == [b"k"]


def test_what_cannot_be_stored_leaves_nothing_of_its_batch() -> None:
    bad = Reading({"a": 1.0}, {}, {"at": float("inf")})
    with Store(None) as store:
        with pytest.raises(ValueError, match="JSON"):
            store.add([(b"1", "s", READING), (b"2", "s", bad)])
        assert store.keys() == set()
        store.add([(b"1", "s", READING)])
        assert store.keys() == {b"1"}, "the store is still usable"


def test_an_outcome_written_again_is_replaced() -> None:
    with Store(None) as store:
        store.add([(b"k", "s", READING)])
        store.add([(b"k", "s", Reading({"a": 9.0}))])
        assert store.readings([b"k"])[b"k"].values == {"a": 9.0}


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1200])
def test_any_number_of_readings_is_read_at_once(count: int) -> None:
    rows = [(outcome_key(str(n)), "s", Reading({"a": float(n)})) for n in range(count)]
    with Store(None) as store:
        store.add(rows)
        found = store.readings([key for key, _, _ in rows] + [b"absent"])
        assert found == {key: reading for key, _, reading in rows}


def test_dropping_what_is_not_there_is_nothing() -> None:
    with Store(None) as store:
        store.add([(b"k", "s", READING)])
        store.drop([])
        store.drop([b"absent"])
        assert store.keys() == {b"k"}


def test_records_are_paged_in_order_and_replaced_as_a_whole() -> None:
    records = [ImageRecord(f"{n}.png", f"/x/{n}.png", texts=("夏",)) for n in range(7)]
    with Store(None) as store:
        store.put_images(records)
        assert list(store.images()) == records
        assert list(store.images(2, 3)) == records[2:5]
        assert list(store.images(6, 5)) == records[6:]
        assert list(store.images(7, 5)) == []
        assert store.count_images() == 7
        store.put_images(records[:1])
        assert list(store.images()) == records[:1]
        assert store.count_images() == 1


def test_records_of_broken_names_come_back() -> None:
    record = ImageRecord(BROKEN, f"/x/{BROKEN}", prompt=BROKEN)
    with Store(None) as store:
        store.put_images([record])
        assert list(store.images()) == [record]


def test_a_failed_replacement_keeps_the_old_records() -> None:
    def rows() -> Iterator[ImageRecord]:
        yield ImageRecord("new.png", "new.png")
        raise OSError("gone")

    old = ImageRecord("old.png", "old.png")
    with Store(None) as store:
        store.put_images([old])
        with pytest.raises(OSError, match="gone"):
            store.put_images(rows())
        assert list(store.images()) == [old]


def test_thumbnails_are_kept_by_content() -> None:
    with Store(None) as store:
        store.add_thumbnails([("a", b"\x00\x01"), ("b", b"")])
        assert store.thumbnail("a") == b"\x00\x01"
        assert store.thumbnail("b") == b""
        assert store.thumbnail("c") is None


def test_facts_about_the_run_are_replaced() -> None:
    with Store(None) as store:
        assert store.get("x") is None
        store.put("x", "1")
        store.put("x", "")
        assert store.get("x") == ""


def test_a_file_row_holds_while_size_time_and_inode_stay() -> None:
    row = FileRow("a.png", 1, 2, 3, "ab", "{}")
    assert row.stat == (1, 2, 3)
    with Store(None) as store:
        store.add_files([row])
        store.add_files([FileRow("a.png", 9, 2, 3, "cd", "{}")])
        assert [r.sha256 for r in store.files()] == ["cd"]


@pytest.mark.parametrize("where", ["folder", "nowhere/s.sqlite"])
def test_a_place_that_cannot_hold_a_store_is_told(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match="cannot be opened") as caught:
        Store(tmp_path / where)
    assert "--out" in caught.value.hint


def test_a_store_in_memory_has_no_folder(tmp_path: Path) -> None:
    assert Store(None).folder is None
    with Store(tmp_path / "s.sqlite") as store:
        assert store.folder == tmp_path


def test_a_reader_sees_what_a_writer_has_committed(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as writer, Store(path) as reader:
        for number in range(5):
            writer.add([(bytes([number]), "s", READING)])
            assert len(reader.keys()) == number + 1


def test_it_tells_which_of_some_keys_have_an_outcome() -> None:
    keys = [outcome_key(str(n)) for n in range(1200)]
    with Store(None) as store:
        store.add([(key, "s", Reading({"m": 1.0})) for key in keys[::2]])
        assert store.known(iter(keys)) == set(keys[::2])
        assert store.known([]) == set()


def test_what_many_images_share_is_read_back_as_one() -> None:
    told = {"prompt": "a red fox", "model": "m", "sources": {"prompt": Source("png", "low")}}
    records = [ImageRecord(n, n, sha256=n, **told) for n in ("a", "b")]  # type: ignore[arg-type]
    other = ImageRecord("c", "c", prompt="a red fox", sources={"prompt": Source("png")})
    with Store(None) as store:
        store.put_images([*records, other])
        one, two, three = store.images()
    assert [one, two, three] == [*records, other]
    assert one.prompt is two.prompt is three.prompt
    assert one.sources is two.sources
    assert one.params is two.params


def test_a_full_disk_is_told_with_the_path_and_takes_nothing_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "夏.sqlite"
    with Store(path) as store:
        store.add([(b"k", "s", READING)])
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(BadInput) as told:
            store.add_thumbnails([("a", bytes(1 << 20))])
        assert told.value.message == f"{path} cannot be written: database or disk is full"
        assert told.value.hint.startswith("Free some room")
        with pytest.raises(BadInput, match="disk is full"):
            store.put_images(ImageRecord("x" * 4000, "x") for _ in range(9))
        assert store.readings([b"k"]) and store.thumbnail("a") is None
        assert list(store.images()) == []


def test_a_limit_of_the_system_on_files_is_told_as_a_disk_that_takes_nothing(
    tmp_path: Path,
) -> None:
    """SQLite calls it an I/O error; on disks whose room is kept by quota it is the same."""
    script = (
        "import resource, signal, sys; from pathlib import Path; from iqmetrics.store import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); store = Store(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))\n"
        "store.add_thumbnails([('a', bytes(1 << 20))])"
    )
    path = tmp_path / "s.sqlite"
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert f"BadInput: {path} cannot be written: " in done.stderr, done.stderr
    assert "Free some room" in done.stderr


def test_a_store_that_became_read_only_is_told_otherwise(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        store._db.execute("PRAGMA query_only = 1")
        with pytest.raises(BadInput, match=r"s\.sqlite cannot be written") as told:
            store.put("a", "b")
        assert "--out" in told.value.hint and "room" not in told.value.hint


def test_another_mistake_of_the_database_is_not_blamed_on_the_disk() -> None:
    with Store(None) as store:
        store._db.execute("DROP TABLE outcomes")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            store.drop([b"x"])


def refused(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize("name", ["SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN"])
@pytest.mark.parametrize("live", [True, False])
def test_a_store_of_somebody_else_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, live: bool
) -> None:
    """As on a shared disk; `live`: its owner has it open, and part of it is in the log."""
    path = tmp_path / "夏 ?#" / "s.sqlite"
    path.parent.mkdir()
    owner = Store(path)
    owner.add([(b"k", "s", READING)])
    if not live:
        owner.__exit__()
    connect = sqlite3.connect

    def refusing(place: object, **options: object) -> sqlite3.Connection:
        if not options.get("uri"):
            raise refused(name)
        return connect(place, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", refusing)
    before = sorted(p.name for p in path.parent.iterdir())
    with Store(path) as store:
        assert store.keys() == {b"k"}
        with pytest.raises(BadInput, match="cannot be written") as told:
            store.put("a", "b")
        assert "--out" in told.value.hint
    assert sorted(p.name for p in path.parent.iterdir()) == before
    with pytest.raises(BadInput, match="cannot be opened") as told:
        Store(tmp_path / "none.sqlite")
    assert "Delete" not in told.value.hint
    owner.__exit__()


def damaged(path: Path) -> Path:
    """A store whose middle was overwritten, as by a disk that fails; its schema is whole."""
    with Store(path) as store:
        many = ((n.to_bytes(16), "s", Reading({"a": n / 7})) for n in range(3000))
        store.add(many)
        store.put_images(ImageRecord(f"{n}.png", f"{n}.png") for n in range(3000))
        store.add_files(FileRow(f"{n}.png", 1, 2, 3, "ab", "{}") for n in range(3000))
        store.add_thumbnails((f"{n}", bytes(300)) for n in range(3000))
        store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    intact = 6 * 4096  # a page of the schema, and the first of each table
    data[intact:] = b"\xff" * (len(data) - intact)
    path.write_bytes(data)
    return path


READS: dict[str, Callable[[Store], object]] = {
    "keys": lambda store: store.keys(),
    "known": lambda store: store.known([(2999).to_bytes(16)]),
    "readings": lambda store: store.readings([n.to_bytes(16) for n in range(3000)]),
    "retriable": lambda store: store.retriable(),
    "images": lambda store: list(store.images()),
    "count": lambda store: store.count_images(),
    "files": lambda store: list(store.files()),
    "thumbnail": lambda store: store.thumbnail("1234"),
    "thumbnails": lambda store: store.thumbnails([f"{n}" for n in range(3000)]),
    "with_thumbnail": lambda store: store.with_thumbnail([f"{n}" for n in range(3000)]),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damaged(tmp_path_factory.mktemp("store") / "s.sqlite")


@pytest.mark.parametrize("read", READS)
def test_damage_in_the_middle_is_told_whatever_is_read(broken: Path, read: str) -> None:
    """It used to end as a bug, long after the store was opened."""
    with Store(broken) as store, pytest.raises(BadInput) as told:
        READS[read](store)
    assert told.value.message.startswith(f"{broken} cannot be read as a score store: ")
    assert "Delete it to score again" in told.value.hint


def test_damage_that_a_writer_meets_is_told(broken: Path) -> None:
    with Store(broken) as store, pytest.raises(BadInput) as told:
        store.add([(b"\xff" * 16, "s", READING), (bytes(16), "s", READING)])
    assert told.value.message.startswith(f"{broken} cannot be written: ")
    assert "Delete it to score again" in told.value.hint


@pytest.mark.parametrize("table", ["runs (x)", "outcomes (x)"])
def test_a_database_of_another_program_is_told(tmp_path: Path, table: str) -> None:
    with sqlite3.connect(tmp_path / "s.sqlite") as other:
        other.execute(f"CREATE TABLE {table}")
    with pytest.raises(BadInput, match="cannot be read as a score store: no such column"):
        Store(tmp_path / "s.sqlite").keys()


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_store_that_another_program_holds_is_told_and_taken_later(
    tmp_path: Path, how: str
) -> None:
    """As an editor of databases does between an edit and its saving."""
    with Store(tmp_path / "s.sqlite") as store:
        store._db.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(tmp_path / "s.sqlite")
        other.execute(f"BEGIN {how}")
        with pytest.raises(BadInput, match=r"s\.sqlite cannot be written: .* locked") as told:
            store.add([(b"k", "s", READING)])
        assert "Another program holds it" in told.value.hint and "Delete" not in told.value.hint
        assert store.keys() == set(), "readers are not held up"
        other.rollback()
        store.add([(b"k", "s", READING)])
        assert store.keys() == {b"k"}
        other.close()


def test_a_mistake_of_ours_stays_a_bug() -> None:
    store = Store(None)
    store.__exit__()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        store.keys()
    with Store(None) as store, pytest.raises(sqlite3.IntegrityError):
        store.write([("outcomes", [(b"k", None, "", "", "")])])


@pytest.mark.parametrize("count", [499, 500, 501, 1000])
def test_as_many_keys_as_fill_a_query_are_found(count: int) -> None:
    keys = [n.to_bytes(16) for n in range(count)]
    with Store(None) as store:
        store.add((key, "s", READING) for key in keys)
        assert store.known([*keys, b"other"]) == set(keys)
        assert len(store.readings(keys)) == count


@pytest.mark.parametrize("column", ["values", "missing", "evidence"])
def test_a_row_that_was_damaged_is_told_with_the_path(tmp_path: Path, column: str) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        store.add([(b"k", "scorer", READING), (b"l", "scorer", READING)])
        with store._db:
            store._db.execute(
                f'UPDATE outcomes SET "{column}" = \'{{"a": \' WHERE key = ?', (b"k",)
            )
        with pytest.raises(BadInput, match=r"a row of .*s\.sqlite is damaged"):
            store.readings([b"k"], evidence=1000)
        assert store.readings([b"l"], evidence=1000) == {b"l": READING}


@pytest.mark.parametrize("row", ['{"image": ', "{}", "[]", "3"])
def test_a_record_that_was_damaged_is_told_with_the_path(tmp_path: Path, row: str) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        store.put_images([ImageRecord("a.png", "a.png")])
        with store._db:
            store._db.execute("UPDATE images SET record = ?", (row,))
        with pytest.raises(BadInput, match=r"a row of .*s\.sqlite is damaged") as told:
            list(store.images())
        assert "Delete it" in told.value.hint
