"""Fetching weights, when asked: resumed where it stopped, verified before it gets its name."""

import os
import re
import sys
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights.ledger import Weight
from iqmetrics.weights.search import folder_of, note_of, sha256

Told = Callable[[str, int, int], None]
"""Called with file name, bytes so far, bytes in all (0 = not known)."""

PIECE = 1 << 20
TIMEOUT_S = 30


def pull(weight: Weight, tell: Told | None = None) -> Path:
    """Fetch a weight and its extras into its own folder; what is there already stays.

    Raises:
        BadInput: it cannot be downloaded, or what came is not what was promised.
    """
    addresses = weight.downloads()
    if not addresses:
        raise BadInput(
            f"{weight.name} has no address to fetch from",
            "It comes with iqmetrics: install it again" if weight.embedded else weight.source,
        )
    folder = folder_of(weight)
    folder.mkdir(parents=True, exist_ok=True)
    for name, address in addresses.items():
        target = folder / name
        if not target.is_file():
            expected = weight.sha256 if name == weight.file else ""
            _fetch(address, target, expected, tell or _say)
    return folder / weight.file


def _fetch(address: str, target: Path, expected: str, tell: Told) -> None:
    part = target.with_name(target.name + ".part")
    published = _Published()
    done = part.stat().st_size if part.exists() else 0
    request = Request(address, headers={"User-Agent": "iqmetrics"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        with build_opener(published).open(request, timeout=TIMEOUT_S) as answer:
            published.note(answer.headers)
            _write(answer, part, done if answer.status == 206 else 0, target.name, tell)
    except HTTPError as error:
        if error.code != 416:  # 416: the part is already whole
            raise Unavailable(
                f"{address} answered {error.code}", "Check the address or log in"
            ) from error
    except (URLError, OSError, HTTPException) as error:
        raise Unavailable(
            f"{address} cannot be reached: {error}",
            "Run it again to resume, or carry a bundle from another machine: iqm weights bundle",
        ) from error
    digest = sha256(part)
    wanted = expected or published.sha256
    if wanted and not digest.startswith(wanted):
        part.unlink()
        raise BadInput(
            f"{address} gave a file with sha256 {digest}, not {wanted}", "It was removed"
        )
    note_of(target).write_text(f"{digest}  {address}\n", "utf-8")
    os.replace(part, target)


def _write(answer: Any, part: Path, done: int, name: str, tell: Told) -> None:
    total = done + int(answer.headers.get("Content-Length") or 0)
    with part.open("ab" if done else "wb") as file:
        while piece := answer.read(PIECE):
            file.write(piece)
            done += len(piece)
            tell(name, done, total)
    if total and done < total:
        raise OSError(f"the connection ended after {done} of {total} bytes")


class _Published(HTTPRedirectHandler):
    """Remembers the sha256 that the hub publishes in the header of its redirect."""

    sha256 = ""

    def note(self, headers: Any) -> None:
        tag = str(headers.get("X-Linked-Etag") or headers.get("ETag") or "").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", tag):
            self.sha256 = tag

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        self.note(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _say(name: str, done: int, total: int) -> None:
    share = f"{100 * done / total:.0f} %" if total else ""
    end = "\n" if total and done >= total else "\r"
    if sys.stderr.isatty() or end == "\n":
        sys.stderr.write(f"{name}: {done / 1e6:.1f} MB {share}{end}")
