"""openai: any server with `POST /images/generations`: OpenAI, and compatible ones by `base_url`."""

import base64
import binascii
import io
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

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
from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request, Result, keep

OURS = {"steps", "guidance", "strength"}
"""Words that mean something to other back-ends and nothing to this protocol."""

REFUSALS = ("content_policy", "moderation", "safety", "content_filter", "responsible")
LATER = (408, 409, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class OpenAIImages:
    """An images API.

    The key is read from the environment variable `key_env` and shown nowhere. The protocol has no
    seed: each image is a new draw, and the record says that the seed was not applied, unless
    `seed=true` says that the server takes one.

    Args:
        target: the model's name at the provider.
        base_url: the API's address up to and without `/images/generations`.
        key_env: name of the environment variable with the key; "" for servers without keys.
        concurrency: requests under way at a time.
        retries: further attempts after 429, 5xx or no connection.
        longest_wait_s: the longest wait for `Retry-After`; who asks for more is not asked again.
        timeout_s: seconds for one answer.
        price: money for one image; recorded as `cost`.
        budget: stop before spending more than this (needs `price`).
        seed: whether the server takes a `seed`.
        params: further fields of the request (`quality`, `style` ...).

    Example:
        dalle=openai:dall-e-3#quality=hd,price=0.08,budget=5
    """

    target: str
    base_url: str = "https://api.openai.com/v1"
    key_env: str = "OPENAI_API_KEY"
    concurrency: int = 4
    retries: int = 5
    longest_wait_s: float = 120.0
    timeout_s: float = 300.0
    price: float | None = None
    budget: float | None = None
    seed: bool = False
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    purse: Any = field(init=False, repr=False, compare=False, default=None)
    measuring: bool = field(init=False, repr=False, compare=False, default=False)
    gone: threading.Event = field(
        init=False, repr=False, compare=False, default_factory=threading.Event
    )
    """Set when nobody answered in all attempts: the next images get one attempt each."""

    warms = False  # a dropped image would cost money

    def __post_init__(self) -> None:
        if self.budget is not None and self.price is None:
            raise BadInput("a budget needs a price per image", "openai:MODEL#price=0.04,budget=5")

    @property
    def batch(self) -> int:
        """As many as may be under way."""
        return max(1, self.concurrency)

    def fingerprint(self) -> Mapping[str, Any]:
        """Model, address without secrets, parameters."""
        return {
            "openai": self.target,
            "base_url": public(self.base_url),
            "seed": self.seed,
            "params": dict(self.params),
        }

    def open(self, measure: bool) -> None:
        """Check that there is a key.

        Raises:
            BadInput: the variable is not set.
        """
        if self.key_env and not key_from(self.key_env):
            raise BadInput(
                f"no key for {public(self.base_url)}: {self.key_env} is not set",
                f"export {self.key_env}=..., or key_env= for a server without keys",
            )
        keep(self, purse=Purse(self.budget, self.price or 0.0), measuring=measure)

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request; up to `concurrency` are under way."""
        with ThreadPoolExecutor(self.batch) as pool:
            return list(pool.map(self._one, requests))

    def _one(self, request: Request) -> Result:
        secret = key_from(self.key_env) if self.key_env else ""
        if not self.purse.take():
            return Result.failed(request, "budget", f"the budget of {self.budget:g} is spent")
        body, left_out = self._body(request)
        began = time.perf_counter()
        telemetry: dict[str, Any] = {}
        try:
            reply, attempts, took = self._patiently(body, secret)
            answer = reply.json()
            telemetry = self._telemetry(reply, answer, attempts, took)
            if not reply.ok:
                self.purse.give_back()
                kind, reason = _error(reply, answer)
                if self._asks_too_much(reply):
                    reason += f" (it asks to wait {said_wait_s(reply):.0f} s)"
                return Result.failed(request, kind, redacted(reason, secret), telemetry)
            image = self._image(answer)
        except Unreachable as error:
            kind = "timeout" if error.timeout else "unreachable"
            if not telemetry:  # else the image was made, and only its address does not answer
                self.purse.give_back()
                telemetry = {"request_s": time.perf_counter() - began}
            return Result.failed(request, kind, redacted(str(error), secret), telemetry)
        except Exception as error:  # of Pillow's decoders too: whatever it is, it is one image's
            known = "cannot identify image file" not in str(error)  # else Pillow names an object
            why = repr(error) if known else "its data are not a picture"
            reason = redacted(f"the answer holds no image: {why}", secret)
            return Result.failed(request, "no_image", reason, telemetry)
        if self.price is not None:
            telemetry["cost"] = self.price
        return Result(request.id, image, None, telemetry, body, left_out)

    def _body(self, request: Request) -> tuple[dict[str, Any], tuple[str, ...]]:
        """(fields of the request, names of what the protocol has no place for)."""
        asked = {**request.asked(), **self.params}
        for name in ("prompt", "width", "height"):
            asked.pop(name, None)
        body: dict[str, Any] = {"model": self.target, "prompt": request.prompt, "n": 1}
        if request.width and request.height and "size" not in asked:
            body["size"] = f"{request.width}x{request.height}"
        unknown = OURS | {"negative"} | (set() if self.seed else {"seed"})
        unknown -= set(self.params)
        body.update({name: value for name, value in asked.items() if name not in unknown})
        left_out = sorted(name for name in asked if name in unknown)
        if request.init_image is not None:
            left_out.append("init_image")
        return body, tuple(left_out)

    def _patiently(self, body: Mapping[str, Any], secret: str) -> tuple[Reply, int, float]:
        """(the answer, attempts, seconds of the last attempt); waits when the server says so."""
        url = self.base_url.rstrip("/") + "/images/generations"
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        for attempt in range(self.retries + 1):
            last = attempt == self.retries or self.gone.is_set()
            began = time.perf_counter()
            try:
                reply = call(url, body, headers=headers, timeout_s=self.timeout_s)
            except Unreachable as error:
                if last:
                    self.gone.set()
                if last or error.timeout:
                    raise
                time.sleep(min(2.0**attempt, self.longest_wait_s))
                continue
            self.gone.clear()
            hopeless = "insufficient_quota" in reply.text() or self._asks_too_much(reply)
            if reply.status not in LATER or last or hopeless:
                return reply, attempt + 1, time.perf_counter() - began
            time.sleep(retry_after_s(reply, attempt, self.longest_wait_s))
        raise AssertionError("unreachable")

    def _asks_too_much(self, reply: Reply) -> bool:
        return (said_wait_s(reply) or 0.0) > self.longest_wait_s

    def _telemetry(self, reply: Reply, answer: Any, attempts: int, took: float) -> dict[str, Any]:
        telemetry: dict[str, Any] = {"request_s": took, "retries": attempts - 1}
        if self.measuring and reply.ok:
            telemetry["latency_s"] = took
        known = answer if isinstance(answer, dict) else {}
        if request_id := reply.headers.get("x-request-id"):
            telemetry["request_id"] = request_id
        if isinstance(known.get("model"), str):
            telemetry["model_returned"] = known["model"]
        data = known.get("data")
        first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
        if isinstance(first.get("revised_prompt"), str):
            telemetry["revised_prompt"] = first["revised_prompt"]
        return telemetry

    def _image(self, answer: Any) -> "Image.Image":
        first = answer["data"][0]
        if first.get("b64_json"):
            try:
                data = base64.b64decode(first["b64_json"], validate=True)
            except binascii.Error as error:
                raise ValueError("b64_json is not base64") from error
        else:
            reply = call(first["url"], timeout_s=self.timeout_s)
            if not reply.ok:
                raise ValueError(f"its address answers {reply.status}")
            data = reply.body
        with Image.open(io.BytesIO(data)) as file:
            file.load()
            return file.copy()


class Purse:
    """What may still be spent; safe for threads."""

    def __init__(self, budget: float | None, price: float) -> None:
        self.price = price
        self.left = budget
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Reserve the price of one image; False when it is not there."""
        with self._lock:
            if self.left is None:
                return True
            if self.left + 1e-9 < self.price:
                return False
            self.left -= self.price
            return True

    def give_back(self) -> None:
        """The image was not made and is not paid."""
        with self._lock:
            if self.left is not None:
                self.left += self.price


def _error(reply: Reply, answer: Any) -> tuple[str, str]:
    """(kind, reason) of an error status."""
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {"message": error or reply.text()}
    reason = f"HTTP {reply.status}: {error.get('message') or reply.text() or 'no reason given'}"
    words = " ".join(str(error.get(key, "")) for key in ("code", "type", "message")).lower()
    if any(word in words for word in REFUSALS):
        return "refused", reason
    if reply.status == 429:
        return "rate_limited", reason
    if reply.status in (400, 401, 403, 404, 413, 422):
        return "bad_request", reason
    return ("timeout" if reply.status in (408, 504) else "failed"), reason
