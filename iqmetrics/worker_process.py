"""One decoding process as its parent sees it: asked for a file, it answers, or it is replaced."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import astuple
from threading import Lock
from typing import TYPE_CHECKING, Any

from iqmetrics.decode import Limits, empty
from iqmetrics.window import KEPT, Pane

if TYPE_CHECKING:
    from iqmetrics.decode import Pixels, Room
    from iqmetrics.png_rows import Rows

GRACE = 2.0
"""Seconds beyond the limit after which a worker that ignores its own alarm is killed."""
START = 120.0
"""Seconds that a worker may take to start, on a machine that is busy."""
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": f"{32 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{KEPT}"}
"""Environment (glibc) of a process that asks for the same memory for one picture after another: the
kernel takes as long to give and take it back as a JPEG of a megapixel takes to be decoded."""
MAX_ANSWER = 64 << 20
HEAD = 4

CODE = """
import json, sys
handle, path, limits, *rest = json.loads(sys.argv[1])
sys.path[:] = path
from iqmetrics.decode import Limits
from iqmetrics.decode_worker import main
main(handle, Limits(*limits), *rest)
"""

Answer = tuple[dict[str, Any], "Pixels | Rows | None"]


class Gone(Exception):
    """The worker died, or was killed because it took too long."""


class WorkerProcess:
    """Starts when it is first asked, and again after a file has killed it.

    The process shares nothing with this one (no fork), so CUDA and torch may be loaded here. It has
    its own session: ^C reaches it only through its socket being closed.
    """

    def __init__(
        self,
        limits: Limits,
        extra: str | None = None,
        measure: bool = False,
        quick: bool = False,
        room: "Room" = empty,
        rows: bool = False,
    ) -> None:
        self._limits = limits
        self._extra = extra
        self._measure = measure
        self._quick = quick
        self._rows = rows
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._room = room
        self._pane = Pane(room)
        self._lock = Lock()
        self._ended = False

    @staticmethod
    def possible() -> bool:
        """Whether this system can pass memory over a socket."""
        return hasattr(socket, "send_fds") and sys.platform != "win32"

    @property
    def pid(self) -> int | None:
        """The process that serves now."""
        return self._process.pid if self._process else None

    def ready(self) -> None:
        """Start the process if none runs."""
        if self._link is None:
            self._start()

    def ask(self, path: str) -> Answer:
        """Have one file decoded.

        Returns:
            The worker's answer (sha256, shape and flags, or status and reason) and the pixels, or
            the rows that they are to be made of.

        Raises:
            RuntimeError: no worker can be started.
        """
        link = self._link or self._start()
        try:
            link.settimeout(self._limits.seconds + GRACE)
            self._send({"path": path}, link)
            return self._receive(link)
        except (OSError, ValueError, Gone) as error:
            return {**self._cause(isinstance(error, TimeoutError))}, None

    def kill(self) -> None:
        """End the process for good; safe from any thread and more than once."""
        with self._lock:
            self._ended = True
            self._stop()

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            if self._ended:
                ours.close()
                raise Gone
            settings = [
                theirs.fileno(),
                sys.path,
                astuple(self._limits),
                self._extra,
                self._measure,
                self._quick,
                self._rows,
            ]
            kept = {} if self._measure else KEEPS_MEMORY  # what is kept cannot be measured
            single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", CODE, json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**kept, **os.environ, **single},
            )
            self._link = ours
        ours.settimeout(START)
        try:
            problem = self._receive(ours)[0]["start"]
        except (OSError, Gone) as error:
            self._cause(False)
            raise RuntimeError("a decoding process did not start") from error
        if problem:
            self._cause(False)
            raise RuntimeError(f"a decoding process did not start:\n{problem}")
        return ours

    def _cause(self, too_slow: bool) -> dict[str, str]:
        """Clear away the process and say what became of it."""
        with self._lock:
            code = self._stop(patience=0.0 if too_slow else GRACE)
        if too_slow or code == -signal.SIGALRM:
            return {
                "status": "timeout",
                "reason": f"not decoded within {self._limits.seconds:g} s",
            }
        how = f"code {code}" if code is None or code >= 0 else _signal_name(-code)
        return {"status": "crashed", "reason": f"the decoding process ended with {how}"}

    def _stop(self, patience: float = 0.0) -> int | None:
        """The exit code; a process that has not ended within `patience` seconds is killed."""
        process, self._process = self._process, None
        link, self._link, self._pane = self._link, None, Pane(self._room)
        if link is not None:
            with suppress(OSError):  # the other end may be gone
                link.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            link.close()
        if process is None:
            return None
        try:
            return process.wait(patience) if patience else self._killed(process)
        except subprocess.TimeoutExpired:
            return self._killed(process)

    @staticmethod
    def _killed(process: subprocess.Popen[bytes]) -> int | None:
        process.kill()
        try:
            return process.wait(GRACE)
        except subprocess.TimeoutExpired:  # stuck in the kernel, e.g. on a dead network drive
            return None

    def _send(self, message: dict[str, str], link: socket.socket) -> None:
        body = json.dumps(message).encode("ascii")
        link.sendall(len(body).to_bytes(HEAD) + body)

    def _receive(self, link: socket.socket) -> Answer:
        """The next answer; nothing in it is trusted further than its form."""
        head, files = b"", list[int]()
        try:
            while len(head) < HEAD:
                part, more, _, _ = socket.recv_fds(link, HEAD - len(head), 1)
                files += more
                if not part:
                    raise Gone
                head += part
            size = int.from_bytes(head)
            if size > MAX_ANSWER:
                raise Gone
            body = bytearray()
            while len(body) < size:
                part = link.recv(min(size - len(body), 1 << 20))
                if not part:
                    raise Gone
                body += part
            answer = json.loads(bytes(body))
            if "shape" not in answer:
                return answer, None
            pixels = self._pane.copy(files[0] if files else None, answer["shape"])
            return answer, _rows(pixels) if answer.get("filtered") else pixels
        finally:
            for file in files:
                os.close(file)


def _rows(room: "Pixels") -> "Rows":
    from iqmetrics.png_rows import Rows

    return Rows(room)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
