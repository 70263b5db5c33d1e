"""hf: hosted open models through `huggingface_hub.InferenceClient` and its providers."""

import inspect
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from iqmetrics.calls import key_from, redacted
from iqmetrics.errors import Unavailable
from iqmetrics.generators.base import Request, Result, keep

NAMES = {
    "steps": "num_inference_steps",
    "guidance": "guidance_scale",
    "negative": "negative_prompt",
}
WAITS = (429, 500, 502, 503, 504)
REFUSALS = ("nsfw", "safety", "content policy", "moderation", "flagged")


@dataclass(frozen=True)
class HFInference:
    """A model at one of Hugging Face's inference providers, or at an endpoint of your own.

    The token is read from the environment variable `key_env` and shown nowhere. Whether a provider
    keeps to the seed is not known; the record says what was sent.

    Args:
        target: hub id of the model, or the address of an endpoint.
        provider: "auto", "fal-ai", "replicate", "together", "nscale", "hf-inference" ...
        key_env: name of the environment variable with the token.
        concurrency: requests under way at a time.
        retries: further attempts after 429 and 5xx.
        longest_wait_s: the longest wait for `Retry-After` that is kept to.
        timeout_s: seconds for one answer.
        params: for every request; what the provider knows beyond the common names goes along.

    Example:
        qwen=hf:Qwen/Qwen-Image#provider=fal-ai
    """

    target: str
    provider: str = "auto"
    key_env: str = "HF_TOKEN"
    concurrency: int = 2
    retries: int = 4
    longest_wait_s: float = 120.0
    timeout_s: float = 300.0
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    client: Any = field(init=False, repr=False, compare=False, default=None)
    measuring: bool = field(init=False, repr=False, compare=False, default=False)

    warms = False  # a dropped image would cost money

    @property
    def batch(self) -> int:
        """As many as may be under way."""
        return max(1, self.concurrency)

    def fingerprint(self) -> Mapping[str, Any]:
        """Model, provider, parameters."""
        return {"hf": self.target, "provider": self.provider, "params": dict(self.params)}

    def open(self, measure: bool) -> None:
        """Make the client.

        Raises:
            Unavailable: huggingface_hub is not installed.
        """
        try:
            from huggingface_hub import InferenceClient
        except ImportError as error:
            raise Unavailable.extra("hf:", "huggingface_hub", "generate") from error
        own = "://" in self.target
        client = InferenceClient(
            model=self.target,
            provider=None if own else self.provider,  # type: ignore[arg-type]
            token=key_from(self.key_env) or None,
            timeout=self.timeout_s,
        )
        keep(self, client=client, measuring=measure)

    def close(self) -> None:
        """Forget the client."""
        keep(self, client=None)

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request; up to `concurrency` are under way."""
        with ThreadPoolExecutor(self.batch) as pool:
            return list(pool.map(self._one, requests))

    def _one(self, request: Request) -> Result:
        named, extra, left_out = self._arguments(request)
        retries = 0
        while True:
            began = time.perf_counter()
            try:
                image = self.client.text_to_image(
                    request.prompt, **named, **({"extra_body": extra} if extra else {})
                )
            except Exception as error:
                status = _status(error)
                if status in WAITS and retries < self.retries:
                    time.sleep(self._wait_s(error, retries))
                    retries += 1
                    continue
                kind = _kind(error, status)
                words = " ".join(str(error).split())[:300] or type(error).__name__
                reason = redacted(words, key_from(self.key_env))
                return Result.failed(request, kind, reason, {"retries": retries})
            took = time.perf_counter() - began
            telemetry = {"request_s": took, "retries": retries, "provider": self.provider}
            if self.measuring:
                telemetry["latency_s"] = took
            sent = {**named, **extra}
            return Result(request.id, image, None, telemetry, sent, left_out)

    def _arguments(
        self, request: Request
    ) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
        """(named arguments, others for the provider, what cannot be sent)."""
        takes = inspect.signature(self.client.text_to_image).parameters
        asked = {**request.asked(), **self.params}
        asked.pop("prompt", None)
        left_out = ["init_image"] if request.init_image is not None else []
        named, extra = {}, {}
        for name, value in asked.items():
            theirs = NAMES.get(name, name)
            if theirs in takes:
                named[theirs] = value
            elif name == "strength":
                left_out.append(name)
            else:
                extra[name] = value
        return named, extra, tuple(left_out)

    def _wait_s(self, error: Exception, attempt: int) -> float:
        headers = getattr(getattr(error, "response", None), "headers", {}) or {}
        try:
            said = float(headers.get("retry-after", ""))
        except ValueError:
            said = math.nan
        wait = 2.0**attempt if math.isnan(said) else max(said, 0.0)
        return min(wait, self.longest_wait_s)


def _status(error: Exception) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _kind(error: Exception, status: int | None) -> str:
    words = str(error).lower()
    if any(word in words for word in REFUSALS):
        return "refused"
    if status == 429:
        return "rate_limited"
    if status is not None:
        return "bad_request" if status < 500 else "failed"
    name = type(error).__name__
    if "Timeout" in name:
        return "timeout"
    if "Connect" in name or isinstance(error, ConnectionError):
        return "unreachable"
    return "failed"
