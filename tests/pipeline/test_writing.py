"""One writer for several processes: nothing that was sent is lost, whoever ends and however."""

import os
from multiprocessing.connection import Connection, Pipe
from threading import Thread

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.writing import Sent, Writer
from iqmetrics.records import Reading
from iqmetrics.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "scores.sqlite") as opened:
        yield opened


def senders(writer, count):
    """As many ends as processes would have, and the writer at work."""
    made = []
    for _ in range(count):
        ours, theirs = Pipe()
        writer.serve(ours)
        made.append(Sent(theirs))
    writer.start()
    return made


def outcome(key, value=1.0):
    return key, "toy", Reading({"toy.value": value}, {}, {})


def test_what_several_send_is_written_until_all_have_ended(store):
    writer = Writer(store)
    first, second = senders(writer, 2)
    with first, second:
        first.add([outcome(b"a", 1.0), outcome(b"b", 2.0)])
        second.add_thumbnails([("c", b"jpeg")])
        second.add([outcome(b"c", 3.0)])
    writer.finish()
    found = store.readings([b"a", b"b", b"c"])
    assert [found[k].values["toy.value"] for k in (b"a", b"b", b"c")] == [1.0, 2.0, 3.0]
    assert store.thumbnail("c") == b"jpeg"


def test_threads_of_one_process_do_not_mix_their_messages(store):
    writer = Writer(store)
    (sent,) = senders(writer, 1)
    long = "x" * 100_000  # more than a pipe takes at once

    def send(name):
        for n in range(20):
            sent.add([(b"%s%d" % (name, n), "toy", Reading({"v": 1.0}, {}, {"said": long}))])

    threads = [Thread(target=send, args=(name,)) for name in (b"p", b"q")]
    with sent:
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    writer.finish()
    assert len(store.keys()) == 40


def test_it_waits_for_whoever_has_not_ended(store):
    writer = Writer(store)
    first, second = senders(writer, 2)
    first.__exit__()
    waiting = Thread(target=writer.finish)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    with second:
        second.add([outcome(b"late")])
    waiting.join(20)
    assert store.keys() == {b"late"}


def test_half_a_message_of_a_process_that_died_is_dropped(store):
    writer = Writer(store)
    first, second = senders(writer, 2)
    with first, second:
        first.add([outcome(b"whole")])
        os.write(first._pipe.fileno(), b"\0\0\1\0 and no more")
        second.add([outcome(b"other")])
    writer.finish()
    assert store.keys() == {b"whole", b"other"}


def test_a_store_that_takes_nothing_ends_the_run_with_its_reason(store, monkeypatch):
    def full(changes):
        raise BadInput("scores.sqlite cannot be written: disk is full", "Free some room")

    monkeypatch.setattr(store, "write", full)
    writer = Writer(store)
    (sent,) = senders(writer, 1)
    sent.add([outcome(b"a")])
    with pytest.raises(BadInput, match="disk is full"):
        writer.finish()
    with sent, pytest.raises(KeyboardInterrupt):
        sent.add([outcome(b"b")])


def test_a_process_that_ended_before_it_was_served_is_no_trouble(store):
    writer = Writer(store)
    ours, theirs = Pipe()
    theirs.close()
    writer.serve(ours)
    writer.start()
    writer.finish()
    assert store.keys() == set()


def test_nobody_who_writes_is_told_to_a_process(store):
    ours, theirs = Pipe()
    ours.close()
    with pytest.raises(EOFError):
        Sent(theirs)


def test_only_the_process_that_was_served_holds_the_end(store):
    """A copy of it elsewhere would keep the writer waiting for ever."""
    ours, theirs = Pipe()
    writer = Writer(store)
    writer.serve(ours)
    with Sent(theirs) as sent:
        assert not os.get_inheritable(sent._pipe.fileno())
        assert isinstance(sent._pipe, Connection)
