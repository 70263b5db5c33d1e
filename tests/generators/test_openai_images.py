"""An images API over real sockets: refusals, waiting, money, secrets."""

import json
import time
from dataclasses import replace
from typing import Any

import loopback
import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request, Result
from iqmetrics.generators.openai_images import OpenAIImages, Purse

KEY = "sk-very-secret"
BUSY = (429, {"error": {"message": "slow down"}}, {"Retry_After": "0.05"})
REFUSED = (400, {"error": {"code": "content_policy_violation", "message": f"no, {KEY}"}}, {})


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def run(server: Any, *requests: Request, measure: bool = False, **options: Any) -> list[Result]:
    model = OpenAIImages("img-1", base_url=f"{server.url}/v1", **options)
    model.open(measure)
    return model(requests)


def ask(name: str = "a", **more: Any) -> Request:
    return Request(name, "a cat", 3, 16, 8, params={"steps": 4}, **more)


def kind(result: Result) -> str:
    return result.error.kind if result.error else "image"


def test_the_request_and_what_comes_back() -> None:
    with loopback.images_api() as server:
        [result] = run(server, ask(negative="dog"), params={"quality": "hd"}, price=0.04)
        path, body, authorization = server.asked[0]
    assert path == "/v1/images/generations" and authorization == f"Bearer {KEY}"
    assert body == {"model": "img-1", "prompt": "a cat", "n": 1, "size": "16x8", "quality": "hd"}
    assert result.image is not None and result.image.size == (16, 8)
    assert result.not_applied == ("negative", "seed", "steps"), "nothing is dropped in silence"
    seen = dict(result.telemetry)
    assert seen.pop("request_s") > 0
    assert seen == {
        "retries": 0, "request_id": "req-1", "model_returned": "served-1", "revised_prompt": "R",
        "cost": 0.04,
    }  # fmt: skip


def test_a_server_that_takes_seeds_gets_them() -> None:
    with loopback.images_api() as server:
        [result] = run(server, ask(), seed=True)
        assert server.asked[0][1]["seed"] == 3
    assert result.not_applied == ("steps",)


def test_retry_after_is_kept_to() -> None:
    with loopback.images_api(BUSY, BUSY) as server:
        began = time.perf_counter()
        [result] = run(server, ask())
        assert time.perf_counter() - began >= 0.1
        assert len(server.asked) == 3
    assert result.telemetry["retries"] == 2
    assert result.telemetry["request_s"] < 0.1, "waiting is not latency"


def test_waiting_ends() -> None:
    with loopback.images_api(*[BUSY] * 3) as server:
        [result] = run(server, ask(), retries=2)
        assert len(server.asked) == 3
    assert kind(result) == "rate_limited"


def test_a_server_that_asks_to_come_back_tomorrow_is_not_waited_for() -> None:
    tomorrow = (429, {"error": {"message": "daily limit"}}, {"Retry_After": "86400"})
    with loopback.images_api(tomorrow) as server:
        began = time.perf_counter()
        [result] = run(server, ask())
        assert len(server.asked) == 1 and time.perf_counter() - began < 5
    assert kind(result) == "rate_limited"
    assert result.error is not None
    assert result.error.reason == "HTTP 429: daily limit (it asks to wait 86400 s)"


def test_nobody_is_waited_for_only_once() -> None:
    with loopback.images_api() as server:
        pass
    began = time.perf_counter()
    results = run(server, *map(ask, "abcd"), retries=1, concurrency=1)
    assert [kind(r) for r in results] == ["unreachable"] * 4
    assert 1 <= time.perf_counter() - began < 3, "one second for the first, none for the others"


def test_a_refusal_is_a_class_of_its_own_and_secrets_are_not_shown() -> None:
    with loopback.images_api(REFUSED) as server:
        refused, fine = run(server, ask("a"), ask("b"), concurrency=1)
    assert kind(refused) == "refused" and kind(fine) == "image"
    assert refused.error is not None and refused.error.reason == "HTTP 400: no, ***"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ((401, {"error": {"message": "wrong key"}}, {}), "bad_request"),
        ((500, b"<html>oops", {}), "failed"),
        ((200, {"data": []}, {}), "no_image"),
        ((200, {"data": [{"b64_json": "!!"}]}, {}), "no_image"),
        ((200, {"data": [{"b64_json": "aGVsbG8="}]}, {}), "no_image"),
        ((200, b"not json", {}), "no_image"),
    ],
)
def test_other_answers_are_typed(step: Any, expected: str) -> None:
    with loopback.images_api(step) as server:
        [result] = run(server, ask(), retries=0)
    assert kind(result) == expected
    assert result.error is not None
    assert " object at 0x" not in result.error.reason, "an address in memory helps nobody"


def test_an_address_instead_of_data() -> None:
    with loopback.images_api() as server:
        server.script.append((200, {"data": [{"url": f"{server.url}/x.png"}]}, {}))
        [result] = run(server, ask())
    assert result.image is not None and result.image.getpixel((0, 0)) == 9


def test_a_slow_answer_is_a_timeout_and_no_server_is_unreachable() -> None:
    def slow(_body: Any) -> None:
        time.sleep(0.6)

    with loopback.images_api(slow) as server:
        [late] = run(server, ask(), timeout_s=0.2)
    assert kind(late) == "timeout"
    [gone] = run(server, ask(), retries=0)
    assert kind(gone) == "unreachable"


def test_the_budget_stops_before_it_is_passed_and_failures_are_free() -> None:
    with loopback.images_api(REFUSED) as server:
        results = run(
            server, *[ask(str(n)) for n in range(5)], price=0.5, budget=1.2, concurrency=1
        )
        assert len(server.asked) == 3
    assert [kind(r) for r in results] == ["refused", "image", "image", "budget", "budget"]


def test_no_more_than_so_many_at_a_time() -> None:
    state = {"now": 0, "most": 0}

    def busy(_body: Any) -> None:
        state["now"] += 1
        state["most"] = max(state["most"], state["now"])
        time.sleep(0.05)
        state["now"] -= 1

    with loopback.images_api(*[busy] * 9) as server:
        run(server, *[ask(str(n)) for n in range(9)], concurrency=3)
    assert 1 < state["most"] <= 3


def test_measured_latency_is_one_attempt() -> None:
    with loopback.images_api(BUSY) as server:
        [result] = run(server, ask(), measure=True)
    assert result.telemetry["latency_s"] == result.telemetry["request_s"]


def test_no_key_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(BadInput, match="OPENAI_API_KEY is not set"):
        OpenAIImages("m").open(measure=False)
    OpenAIImages("m", key_env="").open(measure=False)


def test_a_budget_needs_a_price() -> None:
    with pytest.raises(BadInput, match="needs a price"):
        OpenAIImages("m", budget=1)
    purse = Purse(0.3, 0.1)
    assert [purse.take() for _ in range(4)] == [True, True, True, False]


def test_the_fingerprint_holds_no_secret() -> None:
    model = OpenAIImages("m", base_url=f"https://user:{KEY}@host/v1?k={KEY}")
    assert KEY not in json.dumps(model.fingerprint())
    plain = OpenAIImages("m", base_url="http://h/v1", seed=True, params={"quality": "hd"})
    assert plain.fingerprint() == {
        "openai": "m", "base_url": "http://h/v1", "seed": True, "params": {"quality": "hd"},
    }  # fmt: skip


def test_an_error_that_is_cut_costs_one_image() -> None:
    """It used to end the whole run."""
    cut = (500, b"{", {"Transfer_Encoding": "chunked"})
    with loopback.images_api(cut) as server:
        first, second = run(server, ask("a"), ask("b"), concurrency=1, retries=0)
    assert kind(first) == "unreachable" and kind(second) == "image"


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "data:,x", "x.png", "http://[", 7, None, ["http://x"]]
)
def test_an_address_that_is_none_is_no_image(address: object) -> None:
    with loopback.images_api((200, {"data": [{"url": address}]}, {})) as server:
        [result] = run(server, ask(), retries=0)
    assert kind(result) in ("no_image", "unreachable")


@pytest.mark.parametrize(
    "answer",
    [None, [], 7, {"data": None}, {"data": {}}, {"data": [None]}, {"data": [{}]}, {"data": [[]]}],
)
def test_an_answer_of_another_form_is_no_image(answer: object) -> None:
    with loopback.images_api((200, answer, {})) as server:
        [result] = run(server, ask(), price=0.5, budget=1)
    assert kind(result) == "no_image"
    assert "cost" not in result.telemetry and result.telemetry["retries"] == 0


def test_a_picture_beyond_all_bounds_costs_one_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with loopback.images_api() as server:
        large, small = run(server, ask("a"), replace(ask("b"), width=4, height=4), concurrency=1)
    assert kind(large) == "no_image" and kind(small) == "image"


def test_what_was_not_made_for_want_of_a_server_is_not_paid() -> None:
    with loopback.images_api() as server:
        pass
    model = OpenAIImages(
        "img-1", base_url=f"{server.url}/v1", price=0.5, budget=0.5, retries=0, concurrency=1
    )
    model.open(measure=False)
    assert [kind(r) for r in model([ask("a"), ask("b")])] == ["unreachable"] * 2
    assert model.purse.left == 0.5


def test_an_empty_account_is_not_asked_again() -> None:
    empty = (429, {"error": {"code": "insufficient_quota", "message": "pay"}}, {})
    with loopback.images_api(empty) as server:
        [result] = run(server, ask())
        assert len(server.asked) == 1
    assert kind(result) == "rate_limited"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, "bad_request"), (404, "bad_request"), (413, "bad_request"), (422, "bad_request"),
     (408, "timeout"), (504, "timeout"), (500, "failed"), (418, "failed")],
)  # fmt: skip
def test_every_error_status_has_its_kind(status: int, expected: str) -> None:
    with loopback.images_api((status, {"error": "no"}, {})) as server:
        [result] = run(server, ask(), retries=0)
    assert kind(result) == expected
    assert result.error is not None and result.error.reason == f"HTTP {status}: no"


def test_half_a_size_is_not_sent() -> None:
    with loopback.images_api() as server:
        run(server, replace(ask(), height=None), replace(ask(), width=None), concurrency=1)
        assert all("size" not in body for _, body, _ in server.asked)
        server.asked.clear()
        run(server, ask(), params={"size": "32x32"})
        assert server.asked[0][1]["size"] == "32x32", "what is given by hand wins"


def test_an_image_that_was_made_and_cannot_be_fetched_is_paid_all_the_same() -> None:
    """Its price was given back: a budget of one image asked for as many as were wanted."""
    with loopback.images_api() as gone:
        pass
    made = (200, {"data": [{"url": f"{gone.url}/x.png"}]}, {})
    with loopback.images_api(made, made) as server:
        first, second = run(server, *map(ask, "ab"), price=0.5, budget=0.5, concurrency=1)
        assert len(server.asked) == 1
    assert [kind(first), kind(second)] == ["unreachable", "budget"]
    assert first.telemetry["retries"] == 0 and "cost" not in first.telemetry
    assert second.error is not None and second.error.reason == "the budget of 0.5 is spent"


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_what_may_be_better_later_is_asked_again(status: int) -> None:
    with loopback.images_api((status, {}, {"Retry_After": "0"})) as server:
        [result] = run(server, ask(), retries=1)
        assert len(server.asked) == 2
    assert kind(result) == "image"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
def test_what_stays_wrong_is_asked_once(status: int) -> None:
    with loopback.images_api((status, {}, {"Retry_After": "0"})) as server:
        [result] = run(server, ask(), retries=3)
        assert len(server.asked) == 1
    assert result.error is not None and result.telemetry["retries"] == 0


@pytest.mark.parametrize("word", ["content_policy", "moderation", "safety", "content_filter"])
@pytest.mark.parametrize("where", ["code", "type", "message"])
def test_a_refusal_is_known_wherever_it_is_said(word: str, where: str) -> None:
    with loopback.images_api((400, {"error": {where: f"X_{word.upper()}_y"}}, {})) as server:
        [result] = run(server, ask())
    assert kind(result) == "refused"


def test_models_that_ask_alike_are_equal_whatever_they_have_spent() -> None:
    """And can be keys: what was opened, spent or lost in between is no part of them."""
    one, two = OpenAIImages("m", key_env="", price=1), OpenAIImages("m", key_env="", price=1)
    one.open(measure=True)
    one.gone.set()
    assert one == two and hash(one) == hash(two) and repr(one) == repr(two)
    assert one != OpenAIImages("m", key_env="", price=2)
    assert hash(OpenAIImages("m", params={"a": [1]})) is not None
    assert OpenAIImages("m").base_url == "https://api.openai.com/v1"
