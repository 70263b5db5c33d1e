"""The inference client of huggingface_hub against a loopback endpoint, and its errors."""

from collections.abc import Iterator
from typing import Any

import loopback
import pytest

from iqmetrics.generators.base import Request, Result
from iqmetrics.generators.hf_inference import HFInference

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
