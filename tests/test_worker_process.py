"""One worker: it answers, dies of a file, comes back, and can be ended from any thread."""

import os
import platform
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_files import saved, scene

from iqmetrics import worker_process
from iqmetrics.decode import Limits
from iqmetrics.worker_process import Gone, WorkerProcess

HOOK = "decode_hooks:by_name"


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    made = WorkerProcess(Limits(seconds=30), HOOK)
    yield made
    made.kill()


def file(folder: Path, name: str) -> str:
    (folder / name).write_bytes(saved(scene(), "PNG"))
    return str(folder / name)


def test_it_comes_back_after_a_crash_and_stays_otherwise(
    tmp_path: Path, worker: WorkerProcess
) -> None:
    assert worker.pid is None
    answer, pixels = worker.ask(file(tmp_path, "a.png"))
    first = worker.pid
    assert answer["shape"] == [48, 64] and pixels is not None and pixels.shape == (48, 64, 3)
    assert worker.ask(str(tmp_path / "gone.png"))[0]["status"] == "unreadable"
    assert worker.pid == first
    assert worker.ask(file(tmp_path, "exits.png"))[0]["status"] == "crashed"
    assert worker.ask(str(tmp_path / "a.png"))[1] is not None
    assert worker.pid != first


def test_it_can_be_ended_while_it_is_asked(tmp_path: Path, worker: WorkerProcess) -> None:
    path = file(tmp_path, "sleeps.png")
    worker.ready()
    start = time.monotonic()
    threading.Timer(0.3, worker.kill).start()
    answer, pixels = worker.ask(path)
    assert pixels is None and answer["status"] == "crashed"
    assert time.monotonic() - start < 10
    with pytest.raises(Gone):
        worker.ready()


def test_pixels_outlive_the_worker_and_leave_no_descriptor(
    tmp_path: Path, worker: WorkerProcess
) -> None:
    path = file(tmp_path, "a.png")
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    kept = [worker.ask(path)[1] for _ in range(20)]
    worker.kill()
    after = len(os.listdir("/proc/self/fd")) if before else 0
    assert all(pixels is not None and pixels.any() for pixels in kept)
    assert after == before


@pytest.mark.parametrize(
    ("name", "told"),
    [("exits.png", "code 3"), ("segfaults.png", "SIGSEGV")],
)
def test_what_became_of_the_process_is_told(
    tmp_path: Path, worker: WorkerProcess, name: str, told: str
) -> None:
    answer, pixels = worker.ask(file(tmp_path, name))
    assert pixels is None
    assert answer == {"status": "crashed", "reason": f"the decoding process ended with {told}"}


def test_a_file_that_takes_too_long_is_told_with_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel ends the process by itself, before anybody has to."""
    monkeypatch.setattr(worker_process, "GRACE", 60.0)
    made = WorkerProcess(Limits(seconds=0.5), HOOK)
    try:
        made.ready()
        start = time.monotonic()
        answer, pixels = made.ask(file(tmp_path, "sleeps.png"))
        assert pixels is None and time.monotonic() - start < 30
        assert answer == {"status": "timeout", "reason": "not decoded within 0.5 s"}
        assert made.pid is None
    finally:
        made.kill()


@pytest.mark.parametrize("hook", ["no_such_module:f", "decode_hooks:no_such_function"])
def test_a_worker_that_cannot_start_says_why(hook: str) -> None:
    made = WorkerProcess(Limits(), hook)
    with pytest.raises(RuntimeError, match=r"did not start:(.|\n)*no_such"):
        made.ready()
    assert made.pid is None


@pytest.mark.parametrize("measure", [False, True])
def test_memory_is_measured_where_it_is_asked_for(tmp_path: Path, measure: bool) -> None:
    made = WorkerProcess(Limits(), None, measure)
    try:
        answer, _ = made.ask(file(tmp_path, "a.png"))
    finally:
        made.kill()
    assert ("peak_mb" in answer) == (measure and os.path.exists("/proc/self/clear_refs"))
    assert "extra" not in answer


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory of other C libraries")
def test_memory_of_one_picture_serves_the_next(tmp_path: Path) -> None:
    worker = WorkerProcess(Limits(seconds=30))
    path = tmp_path / "large.jpg"
    path.write_bytes(saved(scene().resize((1024, 1024)), "JPEG"))
    try:
        for _ in range(3):
            worker.ask(str(path))
        before = _faults(worker)
        for _ in range(8):
            worker.ask(str(path))
        assert _faults(worker) - before < 8 * 200, "a picture has 768 pages"
    finally:
        worker.kill()


def _faults(worker: WorkerProcess) -> int:
    """Pages that the kernel gave the process (`man 5 proc`, minflt)."""
    return int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[7])
