"""Suspects: a note left by a process that died names them, with whatever shares a set with them."""

import pytest
from factory import picture, record

from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.pipeline import suspects
from iqmetrics.pipeline.pending import Pending
from iqmetrics.store import Store


def pending(images: str, *sets: str) -> Pending:
    works = [ImageWork(record(i), {"toy": i.encode()}, b"") for i in images]
    return Pending(works, [SetWork("set", lambda records: b"", frozenset(s)) for s in sets])


def names(work: Pending) -> tuple[str, list[str]]:
    images = "".join(image.record.image for image in work.images)
    return images, ["".join(sorted(one.images)) for one in work.sets]


def test_without_a_note_nothing_is_suspect() -> None:
    first, rest = suspects.part(Store(None), pending("abc", "ab"))
    assert names(first) == ("", [])
    assert names(rest) == ("abc", ["ab"])


@pytest.mark.parametrize("ended", [False, True])
def test_what_was_being_scored_is_suspect_until_it_ended(ended: bool) -> None:
    store = Store(None)
    suspects.begin(store, [picture("b"), picture("c")])
    if ended:
        suspects.end(store)
    first, rest = suspects.part(store, pending("abcd"))
    assert names(first)[0] == ("" if ended else "bc")
    assert names(rest)[0] == ("abcd" if ended else "ad")


def test_only_the_last_batch_is_suspect() -> None:
    store = Store(None)
    suspects.begin(store, [picture("a")])
    suspects.begin(store, [picture("b")])
    assert names(suspects.part(store, pending("abc"))[0])[0] == "b"


def test_sets_go_with_their_members_and_members_with_their_sets() -> None:
    store = Store(None)
    suspects.begin(store, [picture("a")])
    first, rest = suspects.part(store, pending("abcdefg", "ab", "bc", "de"))
    assert names(first) == ("abc", ["ab", "bc"])
    assert names(rest) == ("defg", ["de"])


def test_those_that_ended_a_process_for_certain_are_remembered_and_the_others_cleared() -> None:
    store = Store(None)
    suspects.begin(store, [picture(n) for n in "abc"])
    suspects.remember(store, {"b"})
    assert names(suspects.part(store, pending("abcd"))[0])[0] == "b"
    suspects.begin(store, [picture("d")])
    suspects.end(store)
    assert names(suspects.part(store, pending("abcd"))[0])[0] == "b", "a later run still knows"


def test_a_suspect_that_needs_nothing_is_no_work() -> None:
    store = Store(None)
    suspects.begin(store, [picture("z")])
    first, rest = suspects.part(store, pending("ab"))
    assert (names(first)[0], names(rest)[0]) == ("", "ab")


def test_joined_is_both() -> None:
    assert names(suspects.joined(pending("ab", "ab"), pending("c", "c"))) == ("abc", ["ab", "c"])
