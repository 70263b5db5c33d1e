"""The process that decodes: it is fed paths over a socket and answers pixels in shared memory.

It is expected to be killed: by the kernel when a file takes too long (SIGALRM) or by a fault in a
decoder. So it holds nothing of value, imports numpy, Pillow and fast PNG decoders only, takes no
signal of the terminal, and leaves when the other end of its socket is closed. Messages are a length
(4 bytes, big endian) and JSON; the pixels lie in a `Window`, whose file descriptor comes beside the
length when it is a new one.
"""

import hashlib
import importlib
import json
import os
import resource
import signal
import socket
import struct
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iqmetrics.decode import Limits, decode, read_bytes
from iqmetrics.errors import ImageProblem
from iqmetrics.window import Window

ALARM = 0.95
"""Share of the limit after which the kernel ends this process: freeing its memory takes a while."""
LENGTH = struct.Struct(">I")
Extra = Callable[[str, bytes], Any]


def main(
    handle: int, limits: Limits, extra: str | None, measure: bool, quick: bool, rows: bool
) -> None:
    """Serve until the other end closes.

    Args:
        handle: file descriptor of a stream socket.
        limits: what one file may cost.
        extra: "module:function", called with (path, bytes); its JSON-able answer goes along.
        measure: whether to tell the peak memory of each file (Linux only).
        quick: whether so many files will come that the quickest PNG decoder is worth its start.
        rows: whether the filters of a PNG's rows may be left on.
    """
    link = socket.socket(fileno=handle)
    try:
        function = _prepare(limits, extra, quick)
    except BaseException:
        send(link, {"start": traceback.format_exc()})
        return
    send(link, {"start": ""})
    window = Window()
    while (request := receive(link)) is not None:
        with Measured(measure) as cost:
            signal.setitimer(signal.ITIMER_REAL, ALARM * limits.seconds)
            answer = _serve(request, limits, function, window, quick, rows)
            signal.setitimer(signal.ITIMER_REAL, 0)
        answer |= cost.found
        send(link, answer, window.news() if "shape" in answer else -1)
        window.rest()


def _prepare(limits: Limits, extra: str | None, quick: bool) -> Extra | None:
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _load_decoders(quick)
    function: Extra | None = None
    if extra:
        module, _, name = extra.partition(":")
        function = getattr(importlib.import_module(module), name)
    statm = Path("/proc/self/statm")
    if statm.exists():
        baseline = int(statm.read_text().split()[0]) * resource.getpagesize()
        most = baseline + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return function


def _load_decoders(quick: bool) -> None:
    """Import what decoding may need, before the memory limit is measured from here."""
    import numpy as np
    from PIL import Image, ImageCms, ImageFile

    Image.init()
    Image.MAX_IMAGE_PIXELS = None  # ours is the limit that counts
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    ImageCms.createProfile("sRGB")
    try:
        import imagecodecs

        pixels = np.zeros((8, 8, 3), np.uint8)
        imagecodecs.spng_decode(imagecodecs.spng_encode(pixels), out=pixels)
    except ImportError:
        try:
            import cv2

            cv2.setNumThreads(1)
        except ImportError:
            pass
    if quick:
        from iqmetrics import png_rows

        png_rows.ready()


def _serve(
    request: dict[str, str],
    limits: Limits,
    extra: Extra | None,
    window: Window,
    quick: bool,
    rows: bool,
) -> dict[str, Any]:
    path = request["path"]
    try:
        data = read_bytes(path, limits.file_bytes)
    except ImageProblem as problem:
        return {"status": problem.status, "reason": problem.reason}
    except MemoryError:
        return {"status": "too_large", "reason": "not enough memory to read it"}
    answer: dict[str, Any] = {"sha256": hashlib.sha256(data).hexdigest()}
    if extra is not None:
        try:
            answer["extra"] = json.loads(json.dumps(extra(path, data)))
        except Exception as error:
            answer["extra_error"] = f"{type(error).__name__}: {error}"
    try:
        found = decode(data, limits.pixels, window, quick, rows)
        told = {"shape": window.shape, "flags": found.flags, "filtered": found.filtered}
        return answer | told
    except ImageProblem as problem:
        return answer | {"status": problem.status, "reason": problem.reason}


class Measured:
    """Peak resident memory above the start, in MiB, of what runs inside (Linux only)."""

    def __init__(self, on: bool) -> None:
        self.on = on and os.path.exists("/proc/self/clear_refs")
        self.found: dict[str, float] = {}

    def __enter__(self) -> "Measured":
        if self.on:
            Path("/proc/self/clear_refs").write_text("5")
            self.before = _status("VmRSS")
        return self

    def __exit__(self, *error: object) -> None:
        if self.on:
            self.found = {"peak_mb": max(0.0, (_status("VmHWM") - self.before) / 1024)}


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def send(link: socket.socket, message: dict[str, Any], file: int = -1) -> None:
    """One message, with a file descriptor where there is one."""
    body = json.dumps(message).encode("ascii")
    head = LENGTH.pack(len(body))
    if file >= 0:
        socket.send_fds(link, [head], [file])
    else:
        link.sendall(head)
    link.sendall(body)


def receive(link: socket.socket) -> dict[str, Any] | None:
    """The next message; None when the other end is gone."""
    head = exactly(link, LENGTH.size)
    body = exactly(link, LENGTH.unpack(head)[0]) if head else b""
    return json.loads(body) if body else None


def exactly(link: socket.socket, size: int) -> bytes:
    """`size` bytes; b"" when the other end is gone before that."""
    parts = []
    while size:
        part = link.recv(min(size, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
