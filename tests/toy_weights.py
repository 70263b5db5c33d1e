"""A weight of random bytes, a ledger that knows it, and a small hub that serves it."""

import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from iqmetrics.weights import bundle, loading, search
from iqmetrics.weights.ledger import Weight

BODY = os.urandom(3_000_000)
SHA = hashlib.sha256(BODY).hexdigest()


def weight(**facts: object) -> Weight:
    base = Weight(
        "toy", "toy.safetensors", SHA, len(BODY), "MIT", True, "made here", ("clip",), False
    )
    return replace(base, **facts)


def known(monkeypatch: pytest.MonkeyPatch, *lines: Weight) -> None:
    table = {line.name: line for line in lines}
    for module in (search, bundle, loading):
        if hasattr(module, "ledger"):
            monkeypatch.setattr(module, "ledger", lambda: table)
        if hasattr(module, "entry"):
            monkeypatch.setattr(module, "entry", table.__getitem__)


def put(path: Path, body: bytes = BODY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def tar(path: Path, files: dict[str, bytes], manifest: object) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, body in {"manifest.json": json.dumps(manifest).encode(), **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return path


class Hub(BaseHTTPRequestHandler):
    """A small hub: redirects, publishes a digest, resumes; can break off."""

    published = SHA
    breaks_after = 0
    resumes = True
    refuses = 0
    asked: list[str] = []

    def do_GET(self) -> None:
        if self.refuses:
            self.send_error(self.refuses)
            return
        if self.path.startswith("/org/"):
            self.send_response(302)
            self.send_header("Location", "/blob")
            self.send_header("X-Linked-Etag", f'"{self.published}"')
            self.end_headers()
            return
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].rstrip("-"))
        type(self).asked.append(str(start))
        if start >= len(BODY):
            self.send_error(416)
            return
        start = start if self.resumes else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        end = self.breaks_after or len(BODY)
        type(self).breaks_after = 0
        self.wfile.write(BODY[start:end])

    def log_message(self, *_: object) -> None:
        pass
