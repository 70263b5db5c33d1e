"""The store: nothing acknowledged is lost, whoever is killed; many processes may write."""

import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.records import Missing, Reading
from iqmetrics.store import FileRow, Store, outcome_key

READING = Reading({"a": 0.1, "b": -3.0}, {"c": Missing("abstained", "blurred")}, {"box": [1, 2]})


def test_a_reading_comes_back_as_it_was(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        store.add([(b"k", "scorer", READING)])
    with Store(tmp_path / "s.sqlite") as store:
        assert store.readings([b"k", b"absent"], evidence=True) == {b"k": READING}
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


def test_only_failed_outcomes_are_tried_again() -> None:
    failed = Reading({}, {"a": Missing("failed", "ValueError: x")})
    with Store(None) as store:
        store.add([(b"1", "s", failed), (b"2", "s", READING)])
        assert store.retriable() == [b"1"]
        store.drop([b"1"])
        assert store.keys() == {b"2"}


def test_a_reason_that_mentions_failed_is_not_a_failure() -> None:
    told = Reading({}, {"a": Missing("abstained", 'the word "failed" is in the picture')})
    with Store(None) as store:
        store.add([(b"1", "s", told)])
        assert store.retriable() == []


def test_keys_depend_on_every_part_and_on_their_borders() -> None:
    assert outcome_key("ab", "c") != outcome_key("a", "bc")
    assert outcome_key("a", "\udcff") != outcome_key("a", "\udcfe")


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(BadInput, match="cannot be opened"):
        Store(path)


def test_another_schema_is_told(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    with Store(path) as store:
        store.put("schema", "999")
    with pytest.raises(BadInput, match="another version"):
        Store(path)


def _write_many(path: str, first: int) -> None:
    with Store(Path(path)) as store:
        for number in range(first, first + 100):
            store.add([(outcome_key(str(number)), "s", READING)])


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(path), n * 100)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [w.exitcode for w in writers] == [0] * 4
    with Store(path) as store:
        assert store.keys() == {outcome_key(str(n)) for n in range(400)}


WRITER = """
import sys
from pathlib import Path
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
