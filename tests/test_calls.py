"""HTTP with the standard library: every kind of no, and nothing secret on the way out."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import loopback
import pytest

from iqmetrics.calls import Reply, Unreachable, call, public, redacted, retry_after_s


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


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (299, True), (300, False), (404, False)]
)
def test_only_the_two_hundreds_are_ok(status: int, ok: bool) -> None:
    assert Reply(status, {}, b"").ok is ok


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "nonsense", "http://", "ftp2://x"])
def test_no_connection_is_unreachable(url: str) -> None:
    with pytest.raises(Unreachable) as error:
        call(url, timeout_s=2)
    assert not error.value.timeout


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
