"""Waiting in a page whose content policy forbids `wait_for_function`, which evaluates strings."""

import time
from typing import Any


def until(page: Any, condition: str, clock_ms: int = 0) -> None:
    """Wait until the expression is true; the page's own clock goes on `clock_ms` a turn."""
    end = time.monotonic() + 30
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        if clock_ms:
            page.clock.run_for(clock_ms)
        page.wait_for_timeout(50)
