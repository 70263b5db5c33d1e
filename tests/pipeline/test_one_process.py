"""Loading and scoring in this process."""

from dataclasses import dataclass
from threading import Semaphore

import numpy as np
import pytest
from factory import Recorder

from iqmetrics.engines import local
from iqmetrics.engines.work import ImageWork
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.images import Picture
from iqmetrics.nets import stacks
from iqmetrics.pipeline import one_process
from iqmetrics.pipeline.one_process import LOADING, Here, decode, load
from iqmetrics.pipeline.progress import Silent
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.size import Size
from iqmetrics.store import Store


@dataclass(frozen=True)
class Absent(Size):
    """Cannot be loaded."""

    name = "absent"

    def load(self, device: str) -> None:
        raise Unavailable(f"no weights for {device}", "fetch them")


def test_only_what_is_needed_is_loaded_and_what_is_missing_has_its_reason():
    scorers = {"size": Size(), "absent": Absent()}
    assert load(scorers, ["size"], "cpu") == {}
    found = load(scorers, ["size", "absent"], "cpu", required=False)
    assert found == {"absent": "no weights for cpu: fetch them"}
    with pytest.raises(Unavailable, match="no weights"):
        load(scorers, ["absent"], "cpu", required=True)


def test_loading_is_a_stage_that_ends_even_where_a_scorer_is_missing():
    scorers, seen = {"size": Size(), "absent": Absent()}, Recorder()
    load(scorers, ["absent", "size"], "cpu", progress=seen)
    assert seen.told == [("start", (LOADING, 2)), *[("advance", 1)] * 2, ("finish", None)]
    with pytest.raises(Unavailable):
        load(scorers, ["size", "absent"], "cpu", required=True, progress=seen)
    assert seen.told[-1] == ("finish", None)
    before = len(seen.told)
    load(scorers, [], "cpu", progress=seen)
    assert len(seen.told) == before, "no bar for nothing"


def test_pictures_that_are_not_in_the_work_are_passed_over():
    pictures = [
        Picture(ImageRecord(n, n, sha256=n * 64), np.zeros((40, 50, 3), np.uint8)) for n in "abc"
    ]
    works = [ImageWork(p.record, {"size": p.record.image.encode()}, b"p") for p in pictures[:2]]
    with Store(None) as store:
        here = Here({"size": Size()}, ["size"], "cpu")
        known = {work.record.image: work for work in works}
        decoded = iter([(p.record, p) for p in pictures])
        done = here.run(known, [], decoded, store, Silent())
        assert store.keys() == {b"a", b"b"}
        assert store.readings([b"a"])[b"a"].values["size.width"] == 50
        assert store.thumbnail("a" * 64) and store.thumbnail("c" * 64) is None
    assert not done.interrupted and not done.problems


def work_of(names):
    """Pictures that are decoded, and what they need."""
    pictures = [
        Picture(ImageRecord(n, n, sha256=n * 64), np.zeros((40, 50, 3), np.uint8)) for n in names
    ]
    works = {
        p.record.image: ImageWork(p.record, {"size": p.record.image.encode()}, b"p")
        for p in pictures
    }
    return works, ((p.record, p) for p in pictures)


def test_scoring_goes_on_while_a_store_that_others_write_into_is_busy(monkeypatch):
    """The second batch is scored before the first is in the store; in the end all are."""
    monkeypatch.setattr(local, "BATCH", {"cpu": 1})
    monkeypatch.setattr(one_process.crew, "threads", lambda device: 1)
    works, decoded = work_of("abc")
    scored = Semaphore(0)

    class Seen(Size):
        def score(self, pictures):
            scored.release()
            return super().score(pictures)

    with Store(None) as store:
        add = store.add

        def slow(outcomes):
            if not store.keys():
                assert scored.acquire(timeout=10) and scored.acquire(timeout=10)
            add(outcomes)

        monkeypatch.setattr(store, "add", slow)
        Here({"size": Seen()}, ["size"], "cpu").run(works, [], decoded, store, Silent())
        assert store.keys() == {b"a", b"b", b"c"}


@pytest.mark.parametrize(
    ("images", "threads", "sizes"),
    [(1, 2, [1]), (8, 2, [4, 4]), (9, 4, [3, 3, 3]), (17, 2, [5, 5, 5, 2]), (16, 1, [8, 8])],
)
def test_no_scoring_thread_is_left_without_pictures(monkeypatch, images, threads, sizes):
    monkeypatch.setattr(one_process.crew, "threads", lambda device: threads)
    works, decoded = work_of([f"{n:02}" for n in range(images)])
    seen = []
    one_process.score(
        works,
        [],
        decoded,
        {"size": Size()},
        "cpu",
        len,
        lambda some: seen.append(len(some)),
        Silent(),
    )
    assert sorted(seen) == sorted(sizes)


def test_what_cannot_be_stored_ends_the_run(monkeypatch):
    works, decoded = work_of("ab")
    with Store(None) as store:

        def full(outcomes):
            raise BadInput("the disk is full", "make room")

        monkeypatch.setattr(store, "add", full)
        here = Here({"size": Size()}, ["size"], "cpu")
        with pytest.raises(BadInput, match="disk is full"):
            here.run(works, [], decoded, store, Silent())


def test_what_cannot_be_decoded_comes_with_its_reason(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"nothing")
    ((record, problem),) = decode([ImageRecord("a.png", str(path))], 1, "cpu")
    assert record.image == "a.png"
    assert getattr(problem, "status", "") == "unsupported"


def test_rows_of_pngs_are_left_to_a_gpu_where_it_can_be_programmed(monkeypatch):
    asked = []

    def decoding(records, **options):
        asked.append(options["rows"])
        return iter(())

    monkeypatch.setattr(one_process, "decode_all", decoding)
    for device, compiler in (("cpu", True), ("cuda", True), ("cuda", False)):
        monkeypatch.setattr(one_process, "find_spec", lambda name, there=compiler: there or None)
        list(decode([], None, device))
    assert asked == [False, True, False]


def test_a_gpu_has_every_batch_before_anybody_sees_it(monkeypatch):
    seen = []
    monkeypatch.setattr(
        stacks, "send", lambda pictures, device: seen.append((device, len(pictures)))
    )
    pictures = [Picture(ImageRecord("a", "a", sha256="a"), np.zeros((40, 50, 3), np.uint8))]
    work = ImageWork(pictures[0].record, {"size": b"a"}, b"p")
    stream = ((p.record, p) for p in pictures)
    for device in ("cuda", "cpu"):
        given = {"a": work}, (), stream, {"size": Size()}, device
        one_process.score(*given, lambda rows: None, lambda some: seen.append("look"), Silent())
        stream = ((p.record, p) for p in pictures)
    assert seen == [("cuda", 1), "look", "look"]
