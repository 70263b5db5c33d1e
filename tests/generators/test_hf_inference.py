"""The inference client of huggingface_hub against a loopback endpoint, and its errors."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import loopback
import pytest
from PIL import Image

from iqmetrics.generators.base import FAILURES, Request, Result
from iqmetrics.generators.hf_inference import HFInference, _kind

pytest.importorskip("huggingface_hub")
TOKEN = "hf_secret_token"


class Endpoint(loopback.Handler):
    """Answers PNG bytes to any POST, as an inference endpoint does."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.asked.append((self.body(), self.headers.get("Authorization")))
        step = server.script.pop(0) if server.script else None
        if step:
            status, body, headers = step
            return self.reply(status, body, **headers)
        return self.reply(200, loopback.png((8, 8), 7), Content_Type="image/png")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with loopback.serving(Endpoint, script=[], asked=[]) as made:
        yield made


def run(server: Any, *requests: Request, measure: bool = False, **options: Any) -> list[Result]:
    model = HFInference(server.url, **options)
    model.open(measure)
    return model(requests)


REQUEST = Request("a", "a cat", 3, 16, 8, "dog", {"steps": 4, "style": "film"})


def test_the_request_and_the_image(server: Any) -> None:
    [result] = run(server, REQUEST, measure=True)
    assert result.image is not None and result.image.getpixel((0, 0)) == 7, result.error
    body, authorization = server.asked[0]
    assert authorization == f"Bearer {TOKEN}"
    assert body["inputs"] == "a cat"
    sent = body["parameters"]
    assert (sent["seed"], sent["num_inference_steps"], sent["negative_prompt"]) == (3, 4, "dog")
    assert (sent["width"], sent["height"], sent["style"]) == (16, 8, "film")
    assert result.telemetry["latency_s"] == result.telemetry["request_s"] > 0


def test_busy_is_waited_for(server: Any) -> None:
    server.script = [(429, {"error": "busy"}, {"Retry_After": "0"})]
    [result] = run(server, REQUEST)
    assert result.image is not None and result.telemetry["retries"] == 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ((429, {"error": "busy"}, {"Retry_After": "0"}), "rate_limited"),
        ((400, {"error": "NSFW content flagged"}, {}), "refused"),
        ((422, {"error": f"bad token {TOKEN}"}, {}), "bad_request"),
        ((500, {"error": "oops"}, {"Retry_After": "0"}), "failed"),
    ],
)
def test_errors_are_typed_and_hold_no_token(server: Any, step: Any, kind: str) -> None:
    server.script = [step] * 2
    [result] = run(server, REQUEST, retries=1)
    assert result.error is not None and result.error.kind == kind
    assert TOKEN not in result.error.reason


def test_no_server_is_unreachable(server: Any) -> None:
    model = HFInference("http://127.0.0.1:9/", retries=0)
    model.open(measure=False)
    [result] = model([REQUEST])
    assert result.error is not None and result.error.kind == "unreachable"


def test_fingerprint_follows_provider_and_parameters() -> None:
    plain = HFInference("m").fingerprint()
    assert plain != HFInference("m", provider="fal-ai").fingerprint()
    assert plain != HFInference("m", params={"steps": 1}).fingerprint()
    assert plain == HFInference("m", concurrency=9).fingerprint()


@pytest.mark.parametrize(
    ("said", "attempt", "wait"),
    [
        ("7", 0, 7), ("0", 3, 0), ("-5", 0, 0), ("1e9", 0, 120), ("inf", 0, 120), ("nan", 2, 4),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1, 2), (None, 0, 1), ("", 30, 120),
    ],
)  # fmt: skip
def test_waits_are_what_the_server_says_within_bounds(
    said: str | None, attempt: int, wait: float
) -> None:
    error = OSError("busy")
    headers = {} if said is None else {"retry-after": said}
    error.response = SimpleNamespace(headers=headers, status_code=429)  # type: ignore[attr-defined]
    assert HFInference("m")._wait_s(error, attempt) == wait


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (TimeoutError("x"), None, "timeout"),
        (ConnectionResetError("x"), None, "unreachable"),
        (ValueError("x"), None, "failed"),
        (ValueError("blocked by the Safety system"), 500, "refused"),
        (ValueError("x"), 403, "bad_request"),
        (ValueError("x"), 503, "failed"),
    ],
)
def test_kinds_of_errors(error: Exception, status: int | None, kind: str) -> None:
    assert _kind(error, status) == kind
    assert kind in FAILURES


def test_what_cannot_be_sent_is_named(server: Any) -> None:
    picture = Image.new("L", (4, 4))
    [result] = run(server, Request("a", "雪 🦊", init_image=picture, strength=0.5))
    assert result.not_applied == ("init_image", "strength")
    assert server.asked[0][0]["inputs"] == "雪 🦊"
    assert "strength" not in str(server.asked[0][0])
    assert "latency_s" not in result.telemetry, "it was not asked to measure"


def test_parameters_of_the_generator_win_and_results_keep_their_order(server: Any) -> None:
    requests = [Request(f"r{n}", f"prompt {n}", n, params={"steps": 4}) for n in range(6)]
    results = run(server, *requests, concurrency=3, params={"steps": 9})
    assert [r.id for r in results] == [r.id for r in requests]
    assert all(r.applied["num_inference_steps"] == 9 for r in results)
    assert [r.applied["seed"] for r in results] == list(range(6))
