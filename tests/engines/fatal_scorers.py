"""Scorers for the tests of engines; on PYTHONPATH, so that processes of a cluster find them."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.records import Metric, Reading


def grey(picture: Picture) -> int:
    return int(picture.pixels[0, 0, 0])


def of_image(name: str) -> tuple[Metric]:
    return (Metric(name, "", 0, 255, "neither", "mean grey"),)


@dataclass(frozen=True)
class Grey:
    """Mean grey, after a look at the pictures that may raise, or worse."""

    name = "grey"
    version = "1"
    scope = "image"
    licence = "Apache-2.0"
    metrics = of_image("grey")

    def look(self, pictures: Sequence[Picture]) -> None:
        pass

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        self.look(pictures)
        return [Reading({self.name: float(p.pixels.mean())}) for p in pictures]


class Mean(Grey):
    """Raises on pictures of grey 201."""

    name = "mean"
    metrics = of_image("mean")

    def look(self, pictures: Sequence[Picture]) -> None:
        if any(grey(p) == 201 for p in pictures):
            raise ValueError("cannot judge 201")


class Fatal(Grey):
    """Ends its process on pictures of grey 211 (exit) and 212 (SIGKILL)."""

    name = "fatal"
    metrics = of_image("fatal")

    def look(self, pictures: Sequence[Picture]) -> None:
        if any(grey(p) == 211 for p in pictures):
            os._exit(7)
        if any(grey(p) == 212 for p in pictures):
            os.kill(os.getpid(), signal.SIGKILL)


class Slow(Grey):
    """Takes a while."""

    name = "slow"
    metrics = of_image("slow")

    def look(self, pictures: Sequence[Picture]) -> None:
        time.sleep(0.1 * len(pictures))


class Spread(Grey):
    """How far apart the means of a set are; ends its process on a set with grey 213."""

    name = "spread"
    scope = "set"
    metrics = (Metric("spread", "", 0, 255, "higher", "spread of the means"),)

    def look(self, pictures: Sequence[Picture]) -> None:
        if any(grey(p) == 213 for p in pictures):
            os._exit(7)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        self.look(pictures)
        means = [float(p.pixels.mean()) for p in pictures]
        return [Reading({"spread": max(means) - min(means)})]


class Loud(Grey):
    """Prints, as models do while they load."""

    name = "loud"
    metrics = of_image("loud")

    def look(self, pictures: Sequence[Picture]) -> None:
        os.write(1, b"loading the model\n")
        os.write(2, b"a warning\n")


class Absent(Grey):
    """Its weights are not on this machine."""

    name = "absent"
    metrics = of_image("absent")

    def load(self, device: str) -> None:
        raise Unavailable("weights 'w' are not here", f"fetch them for {device}")


def torn(decoded: Iterator[Any]) -> Iterator[Any]:
    """In place of a run's `cut`: nothing can be decoded."""
    raise OSError("no process can be started " + "x" * 2000)
