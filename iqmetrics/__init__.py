"""iqmetrics: judge text-to-image models automatically, honestly and fast.

Prompts become images, images become scores, scores become a scorecard, a gate holds a scorecard
against a stored one. Nothing heavy is imported here: every name is loaded when first used.
"""

from importlib import import_module
from typing import Any

_EXPORTS = {
    "Cell": "records",
    "ImageRecord": "records",
    "IqmError": "errors",
    "Metric": "records",
    "Missing": "records",
    "Picture": "images",
    "Prompt": "records",
    "PromptSuite": "records",
    "Reading": "records",
    "Scorecard": "records",
    "score": "pipeline.score",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("iqmetrics")
    if name in _EXPORTS:
        return getattr(import_module(f"iqmetrics.{_EXPORTS[name]}"), name)
    raise AttributeError(f"module 'iqmetrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
