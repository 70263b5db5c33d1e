"""Rows of scores_long.csv, as many as are asked for; imports nothing that takes memory."""

from collections.abc import Iterator
from typing import Any


def rows(count: int) -> Iterator[list[Any]]:
    """Rows of scores_long.csv."""
    for n in range(count):
        yield [
            f"model-a/{n:07}.png", "model-a", f"{n:012x}", "a cat, on a \u6905\u5b50", n % 4,
            n % 4 + 1, "grain", "grain.strength", n / 7, "ok", None, "1+00000000",
        ]  # fmt: skip
