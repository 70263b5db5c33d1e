"""HTTP calls with the standard library: JSON out, bytes in, one kind of error, keys never shown."""

import json
import math
import os
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of any status: its header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def text(self, limit: int = 300) -> str:
        """The beginning of the body on one line."""
        return " ".join(self.body.decode("utf-8", "replace").split())[:limit]


class Unreachable(Exception):
    """No answer: no connection, a cut one, or none in time (`timeout`)."""

    def __init__(self, url: str, why: str, timeout: bool = False) -> None:
        super().__init__(f"{public(url)} does not answer: {why}")
        self.timeout = timeout


def call(
    url: str,
    data: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
    method: str | None = None,
) -> Reply:
    """GET, or POST of `data` as JSON. An error status is a reply, not an exception.

    Raises:
        Unreachable: no whole answer came.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise Unreachable(url, "it is no http:// address")
    body = None if data is None else json.dumps(data).encode("ascii")
    sent = {"Accept": "*/*", "User-Agent": "iqmetrics", **(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        request = urllib.request.Request(*_signed(url, body, sent), method=method)
        try:
            answer = urllib.request.build_opener(_Elsewhere).open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return _reply(answer.status, answer.headers, answer.read())
    except TimeoutError as error:
        raise Unreachable(url, f"no answer in {timeout_s:g} s", timeout=True) from error
    except urllib.error.URLError as error:
        late = isinstance(error.reason, TimeoutError)
        why = f"no answer in {timeout_s:g} s" if late else str(error.reason)
        raise Unreachable(url, why, late) from error
    except (OSError, ValueError) as error:
        raise Unreachable(url, str(error) or type(error).__name__) from error
    except Exception as error:  # http.client has exceptions of its own: a cut or garbled answer
        raise Unreachable(url, f"{type(error).__name__}: {error}") from error


def _signed(
    url: str, body: bytes | None, headers: dict[str, str]
) -> tuple[str, bytes | None, dict[str, str]]:
    """`user:password@` of an address as the header it stands for; urllib takes it for a port."""
    parts = urlsplit(url)
    who, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, body, headers
    basic = b64encode(unquote(who).encode()).decode("ascii")
    bare = urlunsplit((parts.scheme, host, *parts[2:]))
    return bare, body, {"Authorization": f"Basic {basic}", **headers}


class _Elsewhere(urllib.request.HTTPRedirectHandler):
    """Follows redirects; a key that was meant for one server is not shown to another."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        found = super().redirect_request(req, fp, code, msg, headers, newurl)
        if found is not None and urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            found.remove_header("Authorization")
        return found


def _reply(status: int, headers: Any, body: bytes) -> Reply:
    return Reply(status, {key.lower(): value for key, value in headers.items()}, body)


def public(url: str) -> str:
    """The URL without user, password and query: what may be shown and stored."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket too many; where its secrets stand is anybody's guess
        return "the address given"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def key_from(variable: str) -> str:
    """The value of an environment variable, "" when it is not set."""
    return os.environ.get(variable, "").strip()


def redacted(text: str, *secrets: str) -> str:
    """The text with every secret replaced by ***."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def retry_after_s(reply: Reply, attempt: int, longest_s: float) -> float:
    """Seconds to wait before attempt `attempt` + 1: what the server says, else 1, 2, 4 ..."""
    said = said_wait_s(reply)
    return min(2.0**attempt if said is None else said, longest_s)


def said_wait_s(reply: Reply) -> float | None:
    """Seconds that the server asks to wait; None when it says nothing that can be read."""
    said = reply.headers.get("retry-after-ms"), reply.headers.get("retry-after")
    for value, unit in zip(said, (1e-3, 1.0), strict=True):
        try:
            seconds = float(value or "") * unit
        except ValueError:
            continue
        if not math.isnan(seconds):
            return max(seconds, 0.0)
    if said[1]:
        from datetime import UTC, datetime
        from email.utils import parsedate_to_datetime

        try:
            wait = (parsedate_to_datetime(said[1]) - datetime.now(UTC)).total_seconds()
            return max(wait, 0.0)
        except (TypeError, ValueError):
            pass  # neither seconds nor a date: as if nothing was said
    return None
