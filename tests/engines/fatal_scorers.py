"""Scorers for the tests of engines; on PYTHONPATH, so that processes of a cluster find them."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from iqmetrics.images import Picture
from iqmetrics.records import Metric, Reading


def grey(picture: Picture) -> int:
    return int(picture.pixels[0, 0, 0])


@dataclass(frozen=True)
class Mean:
    """Mean grey; raises on pictures of grey 201."""

    name = "mean"
    version = "1"
    scope = "image"
    licence = "Apache-2.0"
    metrics = (Metric("mean", "", 0, 255, "neither", "mean grey"),)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        if any(grey(p) == 201 for p in pictures):
            raise ValueError("cannot judge 201")
        return [Reading({"mean": float(p.pixels.mean())}) for p in pictures]


@dataclass(frozen=True)
class Fatal:
    """Mean grey; ends its process on pictures of grey 211 (exit) and 212 (SIGKILL)."""

    name = "fatal"
    version = "1"
    scope = "image"
    licence = "Apache-2.0"
    metrics = (Metric("fatal", "", 0, 255, "neither", "mean grey"),)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        if any(grey(p) == 211 for p in pictures):
            os._exit(7)
        if any(grey(p) == 212 for p in pictures):
            os.kill(os.getpid(), signal.SIGKILL)
        return [Reading({"fatal": float(p.pixels.mean())}) for p in pictures]


@dataclass(frozen=True)
class Spread:
    """How far apart the means of a set are; ends its process on a set with grey 213."""

    name = "spread"
    version = "1"
    scope = "set"
    licence = "Apache-2.0"
    metrics = (Metric("spread", "", 0, 255, "higher", "spread of the means"),)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        if any(grey(p) == 213 for p in pictures):
            os._exit(7)
        means = [float(p.pixels.mean()) for p in pictures]
        return [Reading({"spread": max(means) - min(means)})]


class Slow(Mean):
    """Mean grey, after a while."""

    name = "slow"
    metrics = (Metric("slow", "", 0, 255, "neither", "mean grey"),)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        time.sleep(0.1 * len(pictures))
        return [Reading({"slow": float(p.pixels.mean())}) for p in pictures]
