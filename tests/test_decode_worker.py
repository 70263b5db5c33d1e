"""The worker's own parts: nameless memory, messages, what it imports."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_files import saved, scene

from iqmetrics import decode_worker
from iqmetrics.decode import Limits
from iqmetrics.decode_worker import exactly, receive, send
from iqmetrics.window import Window

PNG = saved(scene(), "PNG")
SHA256 = hashlib.sha256(PNG).hexdigest()


def test_messages_keep_names_that_are_not_text() -> None:
    here, there = socket.socketpair()
    with here, there:
        message = {"path": os.fsdecode(b"/a\n\xff\xfe.png"), "reason": "x" * 50_000}
        send(here, message)
        assert receive(there) == message
        here.shutdown(socket.SHUT_WR)
        assert receive(there) is None and exactly(there, 4) == b""


def test_it_imports_only_what_decodes() -> None:
    code = (
        "import sys; import iqmetrics.decode_worker as w; w._load_decoders(quick=False);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'torch','scipy','onnxruntime','numba'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def served(
    folder: Path,
    data: bytes = PNG,
    limits: Limits | None = None,
    extra: Callable[[str, bytes], Any] | None = None,
) -> dict[str, Any]:
    """What the worker answers for a file of these bytes."""
    path = folder / "a.png"
    path.write_bytes(data)
    request = {"path": str(path)}
    return decode_worker._serve(
        request, limits or Limits(), extra, Window(), quick=False, rows=False
    )


def test_a_picture_is_answered_with_its_hash_shape_and_flags(tmp_path: Path) -> None:
    found = served(tmp_path)
    assert set(found) == {"sha256", "shape", "flags", "filtered"} and not found["filtered"]
    assert (found["sha256"], tuple(found["shape"]), list(found["flags"])) == (SHA256, (48, 64), [])


def test_the_extra_function_gets_path_and_bytes_and_costs_no_picture(tmp_path: Path) -> None:
    told = served(tmp_path, extra=lambda path, data: {"name": Path(path).name, "n": len(data)})
    assert told["extra"] == {"name": "a.png", "n": len(PNG)} and "extra_error" not in told
    lost = served(tmp_path, extra=lambda path, data: {}[path])
    assert lost["extra_error"].startswith("KeyError: ") and lost["shape"] and "extra" not in lost
    odd = served(tmp_path, extra=lambda path, data: object())
    assert odd["extra_error"].startswith("TypeError: ") and odd["shape"]


def test_a_file_that_was_not_read_has_no_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = served(tmp_path, limits=Limits(file_bytes=len(PNG) - 1))
    assert set(large) == {"status", "reason"} and large["status"] == "too_large"
    (tmp_path / "none").mkdir()
    request = {"path": str(tmp_path / "none" / "b.png")}
    gone = decode_worker._serve(request, Limits(), None, Window(), quick=False, rows=False)
    assert set(gone) == {"status", "reason"} and gone["status"] == "unreadable"

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decode_worker, "read_bytes", full)
    assert served(tmp_path) == {"status": "too_large", "reason": "not enough memory to read it"}


@pytest.mark.parametrize(
    ("data", "limits", "status"),
    [
        (PNG[: len(PNG) // 2], Limits(), "truncated"),
        (PNG, Limits(pixels=48 * 64 - 1), "too_large"),
        (b"no picture", Limits(), "unsupported"),
    ],
)
def test_a_file_that_is_no_picture_has_a_hash_and_a_reason(
    tmp_path: Path, data: bytes, limits: Limits, status: str
) -> None:
    found = served(tmp_path, data, limits)
    assert set(found) == {"sha256", "status", "reason"}
    assert found["sha256"] == hashlib.sha256(data).hexdigest()
    assert found["status"] == status and found["reason"]


PEAK = """
from iqmetrics.decode_worker import Measured
with Measured(True) as cost:
    bytearray(b"x" * (50 << 20))
with Measured(True) as nothing:
    pass
with Measured(False) as off:
    pass
assert off.found == {}
print(cost.found["peak_mb"], nothing.found["peak_mb"])
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="told by Linux only")
def test_the_peak_of_memory_is_that_of_the_picture_in_mebibytes() -> None:
    """Gone again when it is asked for; in a fresh process, which holds no memory to use again."""
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    peak, nothing = map(float, done.stdout.split())
    assert 90 < peak < 130, "50 MiB, and a copy of them"
    assert 0 <= nothing < 5, "the peak before it is not its own"


def test_a_message_in_pieces_is_one_and_half_a_message_is_none() -> None:
    here, there = socket.socketpair()
    with here, there:
        for piece in (b"\0\0", b"\0\x08", b'{"a"', b": 1}"):
            here.sendall(piece)
        assert receive(there) == {"a": 1}
        here.sendall(b"\0\0\0\x09{")
        here.shutdown(socket.SHUT_WR)
        assert receive(there) is None, "the other end died while it wrote"
