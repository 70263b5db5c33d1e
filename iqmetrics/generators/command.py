"""command: any program as a generator: requests as JSON lines in, results as JSON lines out.

The program gets one JSON object a line on stdin: `id, prompt, seed, out` (the PNG path to write)
and, where asked, `negative, width, height, steps ...`. It answers one line on stdout for each, in
any order: `{"id": ..., "path": ...}` or `{"id": ..., "error": "...", "kind": "refused"}`; other
keys: `telemetry` (an object), `applied` (an object), `not_applied` (a list). It stays up for all
requests and ends when stdin closes.
"""

import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import FAILURES, Request, Result, keep, told

PATIENCE_S = 2.0
"""Seconds that a program may take to end once it says no more."""
LAST_WORDS = 400
"""So many characters of stderr are shown when the program dies."""
GROUPS = hasattr(os, "killpg")
"""Whether a program and what it starts can be ended together (not on Windows)."""


@dataclass(frozen=True)
class Command:
    """A program that speaks JSON lines.

    Args:
        target: the command line, split as a shell would, run without a shell.
        batch: requests handed over at a time.
        timeout_s: seconds without any answer until the pending requests count as timed out.
        params: added to every request; they win over what the suite says.

    Example:
        command:python my_model.py
    """

    target: str
    batch: int = 1
    timeout_s: float = 600.0
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    running: Any = field(init=False, repr=False, compare=False, default=None)
    measuring: bool = field(init=False, repr=False, compare=False, default=False)

    def fingerprint(self) -> Mapping[str, Any]:
        """The command line and its parameters."""
        return {"command": _words(self.target), "params": dict(self.params)}

    def open(self, measure: bool) -> None:
        """Start the program."""
        keep(self, running=Running.start(_words(self.target)), measuring=measure)

    def close(self) -> None:
        """Close its stdin, and end it if that does not."""
        if self.running:
            self.running.stop()
            keep(self, running=None)

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request; what a dead or silent program leaves open is a failure."""
        if self.running is None or not self.running.alive:
            self.close()
            self.open(self.measuring)
        with tempfile.TemporaryDirectory(prefix="iqm-command-") as folder:
            lines = {
                r.id: {**r.asked(), **self.params, "id": r.id, "out": f"{folder}/{n}.png"}
                for n, r in enumerate(requests)
            }
            answers, end = self.running.ask(lines, self.timeout_s)
            if end == "timeout":
                self.close()
            return [self._result(r, lines[r.id], answers.get(r.id), end) for r in requests]

    def _result(self, request: Request, line: Mapping[str, Any], answer: Any, end: str) -> Result:
        if answer is None:
            kind = "timeout" if end == "timeout" else "failed"
            why = f"no answer in {self.timeout_s:g} s" if kind == "timeout" else end
            return Result.failed(request, kind, why)
        telemetry = _object(answer, "telemetry")
        if "error" in answer:
            kind = answer.get("kind", "failed")
            known = kind if kind in FAILURES else "failed"
            return Result.failed(request, known, str(answer["error"]), telemetry)
        path = Path(str(answer.get("path") or line["out"]))
        try:
            with Image.open(path) as file:
                file.load()
                image = file.copy()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            return Result.failed(request, "no_image", f"{path.name} is no image: {error}")
        asked = {k: v for k, v in line.items() if k not in ("id", "out")}
        left_out = answer.get("not_applied")
        refused = tuple(str(n) for n in left_out) if isinstance(left_out, list) else ()
        applied = _object(answer, "applied") or {k: v for k, v in asked.items() if k not in refused}
        result = Result(request.id, image, None, telemetry, applied, refused)
        if self.measuring and self.batch == 1:
            return told(result, latency_s=telemetry.get("latency_s", answer.get("elapsed_s")))
        return result


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise BadInput(
            f"command: {line} is no command line: {error}", "Close every quote"
        ) from error


def _object(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = answer.get(name)
    return dict(value) if isinstance(value, dict) else {}


class Running:
    """A started program; threads read from it and write to it, so that neither is waited for long.

    A pipe holds some 64 KiB: whoever writes more waits until the program has read of it.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.unsaid: Queue[str | None] = Queue()
        self.lines: Queue[str | None] = Queue()
        self.stderr = ""
        self.threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._write, self._read, self._listen)
        ]
        for thread in self.threads:
            thread.start()

    @classmethod
    def start(cls, words: list[str]) -> "Running":
        """Start a program.

        Raises:
            BadInput: there is no such program.
        """
        if not words:
            raise BadInput("command: names no program", "command:python my_model.py")
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                process_group=0 if GROUPS else None,  # ended with what it started, not by ^C
            )
        except OSError as error:
            raise BadInput(
                f"{words[0]} cannot be started: {error.strerror}", "command:python my_model.py"
            ) from error
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self.process.poll() is None

    def ask(
        self, requests: Mapping[str, Mapping[str, Any]], timeout_s: float
    ) -> tuple[dict[str, dict[str, Any]], str]:
        """(answers by id, why the waiting ended: "", "timeout" or the program's last words)."""
        from time import monotonic

        began = heard = monotonic()
        for line in requests.values():
            self.unsaid.put(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        answers: dict[str, dict[str, Any]] = {}
        while len(answers) < len(requests):
            try:
                text = self.lines.get(timeout=max(0.0, heard + timeout_s - monotonic()))
            except Empty:
                return answers, "timeout"
            if text is None:
                return answers, self._last_words()
            answer = _answer(text) or {}
            key = str(answer.get("id"))
            if key in requests and key not in answers:
                heard = monotonic()
                answers[key] = {"elapsed_s": heard - began, **answer}
            elif monotonic() - heard > timeout_s:  # it talks all the time, and says nothing
                return answers, "timeout"
        return answers, ""

    def stop(self) -> None:
        """Close stdin, wait a little, then end the program and what it started.

        Where it ends by itself, a process that it leaves behind may hold its pipes for longer: they
        are left to it.
        """
        self.unsaid.put(None)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._kill()
        for thread in self.threads:
            thread.join(PATIENCE_S)

    def _kill(self) -> int:
        """End the program, and what it started (a script its model); the code it ended with."""
        if GROUPS:
            with suppress(ProcessLookupError, PermissionError):  # it has just ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        return self.process.wait()

    def _write(self) -> None:
        assert self.process.stdin is not None
        try:
            with self.process.stdin as stdin:
                while (line := self.unsaid.get()) is not None:
                    stdin.write(line)
                    stdin.flush()
        except OSError:  # the program is gone, or hears no more
            self.lines.put(None)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                self.lines.put(line)
        self.lines.put(None)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stderr:
            for line in stderr:
                self.stderr = (self.stderr + line)[-LAST_WORDS:]

    def _last_words(self) -> str:
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:  # it closed its output and goes on
            code = self._kill()
        self.threads[-1].join(PATIENCE_S)
        words = " ".join(self.stderr.split())
        return f"the program ended with code {code}" + (f": {words}" if words else "")


def _answer(text: str) -> dict[str, Any] | None:
    """A line of the program as an answer; other output (a progress bar, a log) is none."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
