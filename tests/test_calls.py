"""HTTP with the standard library: every kind of no, and nothing secret on the way out."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import loopback
import pytest

from iqmetrics.calls import (
    Reply,
    Unreachable,
    call,
    key_from,
    public,
    redacted,
    retry_after_s,
    said_wait_s,
)


def wait(attempt: int = 0, **headers: str) -> float:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return retry_after_s(Reply(429, named, b""), attempt, 60.0)


def test_an_error_status_is_a_reply() -> None:
    with loopback.images_api((418, {"error": "tea"}, {"X_A": "b"})) as server:
        reply = call(server.url, {"a": 1})
    assert (reply.status, reply.ok, reply.json()) == (418, False, {"error": "tea"})
    assert reply.headers["x-a"] == "b"


def test_text_that_is_no_json() -> None:
    reply = Reply(200, {}, b"<html>\n  hi")
    assert reply.json() is None and reply.text() == "<html> hi" and reply.text(3) == "<ht"
    assert Reply(200, {}, b"\xff\xfe{}").json() is None
    assert Reply(200, {}, b"[" * 100_000).json() is None
    assert Reply(200, {}, b"a" * 999).text() == "a" * 300


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (299, True), (300, False), (404, False)]
)
def test_only_the_two_hundreds_are_ok(status: int, ok: bool) -> None:
    assert Reply(status, {}, b"").ok is ok


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "nonsense",
        "http://",
        "ftp2://x",
        "file:///etc/hostname",
        "http://[::1",
    ],
)
def test_no_connection_is_unreachable(url: str) -> None:
    with pytest.raises(Unreachable) as error:
        call(url, timeout_s=2)
    assert not error.value.timeout
    assert str(error.value).split(": ", 1)[1], "it says why"


@pytest.mark.parametrize("url", ["data:,x", "file:///etc/hostname", "FILE:/etc/hostname", ""])
def test_only_http_is_spoken(url: str) -> None:
    """An answer of a server may name an address; it must not be a file of this machine."""
    with pytest.raises(Unreachable, match="it is no http:// address"):
        call(url)


def test_no_answer_in_time_is_told_apart() -> None:
    import time

    def slow(_body: object) -> None:
        time.sleep(0.5)

    with loopback.images_api(slow) as server, pytest.raises(Unreachable) as error:
        call(server.url, {}, timeout_s=0.1)
    assert error.value.timeout and "no answer in 0.1 s" in str(error.value)


def test_waiting_follows_the_server_then_doubles() -> None:
    assert wait(retry_after="2.5") == 2.5
    assert wait(retry_after_ms="250") == 0.25
    assert wait(retry_after="9999") == 60.0
    assert wait(retry_after="-3") == 0.0
    assert [wait(n) for n in (0, 1, 3, 9)] == [1, 2, 8, 60]
    assert wait(1, retry_after="soon") == 2
    assert wait(2, retry_after="nan") == 4
    assert wait(retry_after_ms="nan", retry_after="3") == 3
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < wait(retry_after=later) <= 30


def test_nothing_secret_is_shown() -> None:
    assert public("https://u:secret@host:1/v1?key=secret#f") == "https://host:1/v1"
    assert redacted("a key and key-long", "key", "key-long", "") == "a *** and ***"
    assert redacted("abcd b", "b", "abcd") == "*** ***", "the longer one first"
    assert public("http://[::1") == "the address given"


def test_a_key_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", " secret\n")
    assert key_from("A_KEY") == "secret", "as `export A_KEY=$(cat file)` leaves it"
    monkeypatch.delenv("A_KEY")
    assert key_from("A_KEY") == ""


class Echo(loopback.Handler):
    """Answers what it was asked."""

    def answer(self) -> None:
        sent = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(sent.get("content-length", 0)))
        server: Any = self.server
        server.asked.append((self.command, self.path, sent, body))
        if server.onward:
            return self.reply(302, b"", Location=server.onward)
        return self.reply(200, {"path": self.path})

    do_GET = do_POST = do_DELETE = answer


def test_what_is_sent() -> None:
    with loopback.serving(Echo, asked=[], onward="") as server:
        call(f"{server.url}/a?b=1")
        call(server.url, {"prompt": "ü \ud800"}, headers={"X-A": "b", "Accept": "image/png"})
        call(server.url, [], method="DELETE")
    (get, path, bare, body), (post, _, sent, posted), (delete, _, _, empty) = server.asked
    assert (get, path, body) == ("GET", "/a?b=1", b"") and "content-type" not in bare
    assert (bare["accept"], bare["user-agent"]) == ("*/*", "iqmetrics")
    assert (post, sent["x-a"], sent["accept"]) == ("POST", "b", "image/png")
    assert sent["content-type"] == "application/json"
    assert posted == rb'{"prompt": "\u00fc \ud800"}', "half a letter is sent, not a crash"
    assert (delete, empty) == ("DELETE", b"[]")


def test_a_key_does_not_follow_a_redirect_to_another_server() -> None:
    key = {"Authorization": "Bearer secret", "X-Kept": "1"}
    with (
        loopback.serving(Echo, asked=[], onward="") as other,
        loopback.serving(Echo, asked=[], onward=f"{other.url}/there") as server,
    ):
        assert call(server.url, headers=key).json() == {"path": "/there"}
        assert server.asked[0][2]["authorization"] == "Bearer secret"
        assert "authorization" not in other.asked[0][2] and other.asked[0][2]["x-kept"] == "1"
        other.asked.clear()
        other.onward = f"{other.url}/loop"
        assert call(other.url, headers=key).status == 302, "a circle ends"
        assert {sent.get("authorization") for _, _, sent, _ in other.asked} == {"Bearer secret"}


@contextmanager
def raw(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            link, _ = listening.accept()
            with link:
                link.recv(65536)
                link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 429 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_that_is_cut_or_garbled_is_none(answer: bytes) -> None:
    """One with an error status, too: that one used to escape as another exception."""
    with raw(answer) as url, pytest.raises(Unreachable) as error:
        call(url, timeout_s=5)
    assert not error.value.timeout and str(error.value).startswith(f"{url} does not answer: ")


@pytest.mark.parametrize("status", [b"200 OK", b"503 Busy"])
def test_an_answer_that_stops_in_its_middle_is_too_late(status: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        links = []

        def serve() -> None:
            link, _ = listening.accept()
            link.recv(65536)
            link.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 9\r\n\r\n{")
            links.append(link)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(Unreachable, match=r"no answer in 0.1 s") as error:
            call(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_s=0.1)
        thread.join()
        links[0].close()
    assert error.value.timeout


def test_what_a_server_says_of_waiting() -> None:
    def said(**headers: str) -> float | None:
        return said_wait_s(Reply(429, {k.replace("_", "-"): v for k, v in headers.items()}, b""))

    assert said() is None
    assert said(retry_after="") is None
    assert said(retry_after="0") == 0.0
    assert said(retry_after="inf") == float("inf")
    assert said(retry_after_ms="1500", retry_after="9") == 1.5
    assert said(retry_after="Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert said(retry_after="Wed, 99 Oct 2015 07:28:00 GMT") is None
    assert said(retry_after="Wed, 21 Oct 2015 07:28:00") is None, "no zone, no moment"


def test_a_connection_that_takes_too_long_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", late)
    with pytest.raises(Unreachable, match=r"http://h/x does not answer: no answer in 3 s") as error:
        call("http://user:secret@h/x?key=secret", timeout_s=3)
    assert error.value.timeout and "secret" not in str(error.value)


def test_a_connection_that_is_refused_is_not_too_late() -> None:
    with pytest.raises(Unreachable, match="refused") as error:
        call("http://127.0.0.1:9/x", timeout_s=2)
    assert not error.value.timeout and "no answer in" not in str(error.value)


def test_a_name_and_password_in_an_address_are_sent_and_never_shown() -> None:
    """They were taken for a port, and the password stood in the message."""
    with loopback.serving(Echo, asked=[], onward="") as server:
        host = server.url.removeprefix("http://")
        assert call(f"http://me:p%40ss@{host}/a?b=1").ok
        call(f"http://me:pass@{host}", headers={"Authorization": "Bearer k"})
    (_, path, sent, _), (_, _, given, _) = server.asked
    assert path == "/a?b=1" and sent["host"] == host
    assert sent["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert given["authorization"] == "Bearer k", "what is said outright wins"
    for port in ("9", "x"):
        with pytest.raises(Unreachable) as error:
            call(f"http://me:secret@127.0.0.1:{port}/x", timeout_s=2)
        assert "secret" not in str(error.value) and "me" not in str(error.value).split()[0]
