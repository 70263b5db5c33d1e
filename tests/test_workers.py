"""A bad file costs itself: the parent lives, the others are decoded, each has one status."""

import gc
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from iqmetrics import workers
from iqmetrics.errors import ImageProblem
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.workers import Limits, decode_all

TRAP = """
import os, signal, time
from iqmetrics import decode, worker

def trapped(data, max_pixels=0, real=decode.decode):
    if data == b"exit": os._exit(7)
    if data == b"crash": os.kill(os.getpid(), signal.SIGSEGV)
    if data == b"hang": time.sleep(60)
    if data == b"print": os.write(1, b"a codec talks")
    if data == b"eat":
        try:
            hoard = [bytearray(1 << 26) for _ in range(100)]
        except MemoryError as error:
            raise decode.ImageProblem("too_large", "not enough memory to decode it") from error
    return real(data, max_pixels)

worker.decode = trapped
worker.main()
"""


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes in which some file contents do what a broken codec does."""
    script = tmp_path / "trapped_worker.py"
    script.write_text(TRAP)
    real = workers.subprocess.Popen

    def popen(command: list[str], **options: object) -> object:
        return real([command[0], str(script), *command[3:]], **options)

    monkeypatch.setattr(workers.subprocess, "Popen", popen)


def records(folder: Path, *contents: bytes | int) -> list[ImageRecord]:
    made = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.png"
        if isinstance(content, int):
            Image.new("RGB", (40, 30), (content, content, content)).save(path)
        else:
            path.write_bytes(content)
        made.append(ImageRecord(path.name, str(path)))
    return made


def found(todo: list[ImageRecord], **options: object) -> dict[str, Picture | ImageProblem]:
    return {record.image: result for record, result in decode_all(todo, **options)}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_record_comes_back_once_with_its_own_pixels(tmp_path: Path, count: int) -> None:
    answers = found(records(tmp_path, *range(25), b"text"), workers=count)
    assert len(answers) == 26
    for number in range(25):
        picture = answers[f"{number}.png"]
        assert isinstance(picture, Picture)
        assert picture.pixels.shape == (30, 40, 3)
        assert (picture.pixels == number).all()
    assert answers["25.png"].status == "unsupported"


@pytest.mark.usefixtures("traps")
def test_crashes_hangs_and_hoards_cost_only_their_file(tmp_path: Path) -> None:
    bad = (b"exit", b"crash", b"hang", b"eat", b"print")
    todo = records(tmp_path, 1, *bad, 2, b"crash", 3, 4, 5)
    start = time.monotonic()
    answers = found(todo, workers=2, limits=Limits(seconds=8, memory=1 << 28))
    statuses = [
        r.status if isinstance(r, ImageProblem) else "ok"
        for _, r in sorted(answers.items(), key=lambda i: int(i[0][:-4]))
    ]
    expected = ["crashed", "crashed", "timeout", "too_large", "unsupported"]
    assert statuses == ["ok", *expected, "ok", "crashed", "ok", "ok", "ok"]
    assert time.monotonic() - start < 40


def test_stopping_early_leaves_no_process(tmp_path: Path) -> None:
    stream = decode_all(records(tmp_path, *range(60)), workers=2)
    next(stream)
    stream.close()
    gc.collect()
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if children.exists():
        commands = [
            Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children.read_text().split()
        ]
        assert not [c for c in commands if b"iqmetrics.worker" in c]


def test_memory_stays_bounded_while_nobody_consumes(tmp_path: Path) -> None:
    stream = decode_all(records(tmp_path, *range(100)), workers=2)
    next(stream)
    time.sleep(0.5)
    assert stream.gi_frame.f_locals["run"]._done.qsize() <= 2 * workers.AHEAD
    assert len(list(stream)) == 99


def test_an_error_in_the_records_reaches_the_consumer(tmp_path: Path) -> None:
    def broken() -> object:
        yield from records(tmp_path, 1)
        raise RuntimeError("the list broke")

    with pytest.raises(RuntimeError, match="the list broke"):
        list(decode_all(broken(), workers=1))


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.png",
        "\u202egnp.png",
        '"><script>.png',
        os.fsdecode(b"\xff\xfe.png"),
        "夏" * 60 + ".png",
    ],
)
def test_any_name_can_be_opened(tmp_path: Path, name: str) -> None:
    path = os.path.join(tmp_path, name)
    Image.new("RGB", (8, 8)).save(path, "PNG")
    ((_, picture),) = decode_all([ImageRecord(name, path)], workers=1)
    assert isinstance(picture, Picture)
