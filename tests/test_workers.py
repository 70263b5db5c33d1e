"""Killable decoding: every file gets one answer, the parent lives, nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import interruptible
import numpy as np
import pytest
from hostile_files import bombs, good_files, largest, mutations, saved, scene

from iqmetrics.decode import Limits
from iqmetrics.errors import ImageProblem
from iqmetrics.images import Picture, open_picture
from iqmetrics.records import IMAGE_STATUSES, ImageRecord
from iqmetrics.worker_process import WorkerProcess
from iqmetrics.workers import QUICK_WORTH, Decoder, Opened, Workers, decode_all

HOOK = "decode_hooks:by_name"


def put(folder: Path, name: str, data: bytes) -> ImageRecord:
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return ImageRecord(name, path)


def status(opened: Opened) -> str:
    return opened.result.status if isinstance(opened.result, ImageProblem) else "ok"


def children() -> set[str]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(listed.read_text().split()) if listed.exists() else set()


def test_workers_and_threads_give_the_same_pixels(tmp_path: Path) -> None:
    records = [put(tmp_path, name, data) for name, data in good_files().items()]
    by_workers = {r.image: (r, p) for r, p in decode_all(records, workers=2)}
    by_threads = {r.image: (r, p) for r, p in decode_all(records, workers="threads")}
    assert set(by_workers) == set(by_threads) == set(good_files())
    for image, (record, picture) in by_workers.items():
        same_record, other = by_threads[image]
        assert isinstance(picture, Picture) and isinstance(other, Picture), image
        assert (picture.pixels == other.pixels).all() and picture.flags == other.flags
        assert picture.record == record == same_record and record.sha256 != ""


@pytest.mark.parametrize(("files", "asked", "most"), [(8, None, 1), (8, 3, 3), (2, 3, 2)])
def test_a_further_process_is_started_only_where_it_pays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, asked: int | None, most: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)))
    records = [put(tmp_path, f"{n}.png", saved(scene(), "PNG")) for n in range(files)]
    started = []
    start = WorkerProcess._start
    monkeypatch.setattr(WorkerProcess, "_start", lambda self: started.append(1) or start(self))
    assert len(list(Decoder(asked).each(records))) == files
    assert len(started) == most


@pytest.mark.parametrize(
    ("files", "quick"), [(2 * QUICK_WORTH, True), (2 * QUICK_WORTH - 1, False)]
)
def test_the_quickest_decoder_is_loaded_only_for_many_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, quick: bool
) -> None:
    data = saved(scene(), "PNG")
    records = [put(tmp_path, f"{n}.png", data) for n in range(files)]
    made = []
    init = WorkerProcess.__init__
    monkeypatch.setattr(
        WorkerProcess, "__init__", lambda self, *given: made.append(given[3]) or init(self, *given)
    )
    opened = list(Decoder(2).each(records))
    assert {status(one) for one in opened} == {"ok"} and made == [quick, quick]


def test_filters_of_png_rows_are_left_on_where_they_may_be(tmp_path: Path) -> None:
    """Only many PNGs: all others come as pixels, and all are the same pixels in the end."""
    images = {"a.png": saved(scene(), "PNG"), "b.jpg": saved(scene(), "JPEG")}
    images["c.png"] = saved(scene(48, 63), "PNG")
    records = [put(tmp_path, name, data) for name, data in images.items()]
    plain = {r.image: p.pixels for r, p in decode_all(iter(records), workers=1)}
    found = {r.image: p for r, p in decode_all(iter(records), workers=1, rows=True)}
    assert {name for name, p in found.items() if p.late} == {"a.png"}
    assert not any(p.late for _, p in decode_all(records, workers=1, rows=True)), "too few"
    for name, picture in found.items():
        assert picture.pixels.shape == (picture.height, picture.width, 3)
        assert np.array_equal(picture.pixels, plain[name]), name


def test_faulty_decoders_cost_their_own_file_only(tmp_path: Path) -> None:
    data = saved(scene(), "PNG")
    faults = ["exits", "segfaults", "sleeps", "spins", "eats", "raises", "speaks"]
    names = [n for i, f in enumerate(faults) for n in (f"{f}.png", f"good{i}.png")]
    records = [put(tmp_path, name, data) for name in names]
    decoder = Decoder(workers=2, limits=Limits(seconds=1), extra=HOOK)
    found = {one.record.image: one for one in decoder.each(records)}
    assert len(found) == len(records)
    told = {name: status(one) for name, one in found.items()}
    assert all(told[f"good{i}.png"] == "ok" for i in range(len(faults)))
    assert [told[f"{f}.png"] for f in faults[:4]] == ["crashed", "crashed", "timeout", "timeout"]
    assert "SIGSEGV" in found["segfaults.png"].result.reason
    assert "code 3" in found["exits.png"].result.reason
    assert found["eats.png"].extra_error.startswith("MemoryError")
    assert "no such thing" in found["raises.png"].extra_error
    assert "TypeError" in found["speaks.png"].extra_error
    assert told["eats.png"] == told["raises.png"] == "ok"
    assert found["good1.png"].extra["bytes"] == len(data)


def test_bombs_get_their_status_and_stay_small(tmp_path: Path) -> None:
    wanted = bombs()
    records = [put(tmp_path, name, data) for name, (data, _) in wanted.items()]
    found = {o.record.image: o for o in Decoder(workers=2, measure=True).each(records)}
    assert {name: status(one) for name, one in found.items()} == {
        name: expected for name, (_, expected) in wanted.items()
    }
    assert max(one.peak_mb or 0 for one in found.values()) < 400


def test_odd_names_and_files_that_are_none(tmp_path: Path) -> None:
    data = saved(scene(), "PNG")
    odd = ["a\nb.png", "\u202egnp.a", '"><script>.png', os.fsdecode(b"\xff\xfe.png"), "x" * 250]
    records = [put(tmp_path, name, data) for name in odd]
    os.mkfifo(tmp_path / "fifo.png")
    nothing = ["fifo.png", ".", "gone.png", "a\0b.png"]
    records += [ImageRecord(n, str(tmp_path / n)) for n in nothing]
    records += [ImageRecord("null", "/dev/zero"), put(tmp_path, "empty.png", b"")]
    found = {r.image: p for r, p in decode_all(records, workers=1)}
    assert all(isinstance(found[name], Picture) for name in odd)
    assert {found[name].status for name in (*nothing, "null")} == {"unreadable"}
    assert found["empty.png"].status == "truncated"
    assert found["empty.png"].lasting
    assert not any(found[name].lasting for name in (*nothing, "null")), "they may come back"


@pytest.mark.parametrize("workers", [1, "threads"])
def test_what_is_wrong_with_the_bytes_lasts(tmp_path: Path, workers: Workers) -> None:
    data = saved(scene(), "PNG")
    files = {"sum": data[:60] + b"?" + data[61:], "cut": data[:200], "text": b"no picture"}
    records = [put(tmp_path, name, content) for name, content in files.items()]
    found = {r.image: p for r, p in decode_all(records, workers=workers)}
    assert {name: p.status for name, p in found.items()} == {
        "sum": "unreadable", "cut": "truncated", "text": "unsupported"
    }  # fmt: skip
    assert all(p.lasting for p in found.values())


def test_a_file_changed_since_it_was_listed_is_not_scored(tmp_path: Path) -> None:
    record = put(tmp_path, "a.png", saved(scene(), "PNG"))
    listed = ImageRecord(record.image, record.path, sha256="0" * 64)
    for workers in (1, "threads"):
        [(_, problem)] = decode_all([listed], workers=workers)
        assert isinstance(problem, ImageProblem) and problem.status == "unreadable"
        assert not problem.lasting, "the next listing will name the new bytes"
    known = open_picture(record).record
    [(same, picture)] = decode_all([known], workers=1)
    assert isinstance(picture, Picture) and same == known


def test_closing_early_ends_the_workers_and_frees_the_pixels(tmp_path: Path) -> None:
    before = children()
    records = [put(tmp_path, "a.png", saved(scene(), "PNG"))] * 500
    opened = decode_all(records, workers=2)
    _, picture = next(opened)
    opened.close()
    assert children() <= before
    assert isinstance(picture, Picture) and picture.pixels.mean() > 0  # still mapped here
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1


def test_an_endless_folder_needs_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iqmetrics.workers.SHELF_BYTES", 20 << 20)
    record = put(tmp_path, "a.png", saved(scene(512, 512), "PNG"))
    asked = 0

    def endless() -> Iterator[ImageRecord]:
        nonlocal asked
        while True:
            asked += 1
            yield record

    opened = decode_all(endless(), workers=2)
    next(opened)
    deadline, seen = time.monotonic() + 10, -1
    while seen != asked and time.monotonic() < deadline:
        seen = asked
        time.sleep(0.7)
    opened.close()
    assert 10 < asked <= 1 + 2 + (20 << 20) // (512 * 512 * 3)


def test_what_the_records_raise_is_raised_here(tmp_path: Path) -> None:
    def records() -> Iterator[ImageRecord]:
        yield put(tmp_path, "a.png", saved(scene(), "PNG"))
        raise LookupError("the listing broke")

    with pytest.raises(LookupError, match="listing broke"):
        list(decode_all(records(), workers=2))


def test_a_worker_that_cannot_start_is_an_error_not_a_bad_picture(tmp_path: Path) -> None:
    record = put(tmp_path, "a.png", saved(scene(), "PNG"))
    with pytest.raises(RuntimeError, match="no_such_module"):
        list(Decoder(workers=1, extra="no_such_module:f").each([record]))


PROGRAM = """
import sys, json
from iqmetrics.records import ImageRecord
from iqmetrics.workers import Decoder
decoder = Decoder(workers=2, extra="decode_hooks:by_name")
for number, one in enumerate(decoder.each(ImageRecord("a", sys.argv[1]) for _ in range(10**9))):
    if number < 20:
        print(one.extra["pid"], flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    record = put(tmp_path, "a.png", saved(scene(), "PNG"))
    tests = str(Path(__file__).parent)
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, record.path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": tests},
        preexec_fn=interruptible.listen,
    )
    assert parent.stdout and parent.stderr
    pids = {int(parent.stdout.readline()) for _ in range(20)}
    parent.send_signal(how)
    parent.wait(20)
    parent.stdout.close()
    errors = parent.stderr.read()
    parent.stderr.close()
    deadline = time.monotonic() + 10
    while (alive := {p for p in pids if running(p)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pids and not alive
    assert "resource_tracker" not in errors and "ResourceWarning" not in errors
    assert ("KeyboardInterrupt" in errors) == (how == signal.SIGINT)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def run_mutations(folder: Path, count: int, seed: int) -> tuple[dict[str, int], float]:
    """Counts by status and the most memory of one file in MiB."""

    def records() -> Iterator[ImageRecord]:
        for name, data in mutations(count, seed):
            yield put(folder, name, data)

    told: dict[str, int] = {}
    most = 0.0
    for one in Decoder(workers=2, measure=True).each(records()):
        os.unlink(one.record.path)
        told[status(one)] = told.get(status(one), 0) + 1
        most = max(most, one.peak_mb or 0)
        if isinstance(one.result, ImageProblem):
            assert one.result.reason
        else:
            assert one.result.pixels.dtype == np.uint8 and one.result.pixels.size > 0
    return told, most


def test_random_damage_gets_one_closed_status(tmp_path: Path) -> None:
    told, most = run_mutations(tmp_path, 1500, seed=7)
    assert sum(told.values()) == 1500
    assert set(told) <= {"ok", *IMAGE_STATUSES}
    assert {"ok", "truncated", "unreadable"} <= set(told) and most < 1024


@pytest.mark.slow
def test_random_damage_at_length(tmp_path: Path) -> None:
    told, most = run_mutations(tmp_path, 20_000, seed=11)
    assert sum(told.values()) == 20_000 and set(told) <= {"ok", *IMAGE_STATUSES} and most < 1024


@pytest.mark.slow
def test_the_largest_pictures_stay_within_the_limits(tmp_path: Path) -> None:
    records = [put(tmp_path, name, data) for name, data in largest().items()]
    limits = Limits(seconds=60)  # this machine may be busy
    found = {o.record.image: o for o in Decoder(1, limits, measure=True).each(records)}
    assert {status(one) for one in found.values()} == {"ok"}
    assert max(one.peak_mb or 0 for one in found.values()) < 1024


@pytest.mark.slow
@pytest.mark.skipif("IQM_BAD_IMAGES" not in os.environ, reason="give a folder in IQM_BAD_IMAGES")
def test_every_file_of_a_folder_of_bad_images() -> None:
    paths = [p for p in Path(os.environ["IQM_BAD_IMAGES"]).rglob("*") if p.is_file()]
    told = [status(o) for o in Decoder().each([ImageRecord(p.name, str(p)) for p in paths])]
    assert len(told) == len(paths) and set(told) <= {"ok", *IMAGE_STATUSES}


@pytest.mark.parametrize("workers", [2, "threads"])
def test_pictures_stay_in_the_memory_that_was_asked_for(workers: Workers, tmp_path: Path) -> None:
    records = [put(tmp_path, f"{n}.png", saved(scene(), "PNG")) for n in range(3)]
    rooms: list[np.ndarray] = []

    def room(height: int, width: int) -> np.ndarray:
        rooms.append(np.empty((height, width, 3), np.uint8))
        return rooms[-1]

    found = [p for _, p in decode_all(records, workers, room=room) if isinstance(p, Picture)]
    assert {id(p.pixels) for p in found} == {id(one) for one in rooms} and len(rooms) == 3
    assert all(np.array_equal(p.pixels, np.asarray(scene().convert("RGB"))) for p in found)


def test_fewer_than_no_workers_are_refused_instead_of_waited_for() -> None:
    with pytest.raises(ValueError, match="workers is -1"):
        next(decode_all([ImageRecord("a.png", "a.png")], workers=-1))
