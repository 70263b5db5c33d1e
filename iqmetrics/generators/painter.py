"""painter: draws the scenes of `iqm demo` from their prompts, with as many mistakes as asked for.

No neural network: a stand-in for two versions of a model, so that the whole way from prompts to a
verdict can be walked in seconds and its outcome is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from iqmetrics.demo import scenes, vocabulary
from iqmetrics.errors import UnknownName
from iqmetrics.generators.base import Request, Result, digest, each

MISTAKES = {"v1": 0.4, "v2": 0.05}
"""Share of images that show one thing wrong: colour, shape, count, place, background or word."""


@dataclass(frozen=True)
class Painter:
    """A painter of 64-pixel scenes.

    Args:
        target: v1 (two images in five have a mistake) or v2 (one in twenty).
        batch: images at a time; it changes nothing in them.

    Example:
        painter:v2
    """

    target: str
    batch: int = 16

    def __post_init__(self) -> None:
        if self.target not in MISTAKES:
            raise UnknownName("painter", self.target, MISTAKES)

    def fingerprint(self) -> Mapping[str, Any]:
        """Which painter, and how often it is wrong."""
        return {"painter": self.target, "mistakes": MISTAKES[self.target], "version": 1}

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request; what is no scene, or another size, fails as a bad request."""
        return each(requests, self._paint)

    def _paint(self, request: Request) -> Result:
        scene = vocabulary.scene_of(request.prompt)
        if scene is None:
            reason = "the painter only knows the scenes of `iqm demo`: iqm suites demo"
            return Result.failed(request, "bad_request", reason)
        side = scenes.SIZE
        if (request.width or side, request.height or side) != (side, side):
            return Result.failed(
                request, "bad_request", f"the painter's images are {side} x {side}"
            )
        asked = {"seed", "prompt", "width", "height"}
        left_out = tuple(sorted(set(request.asked()) - asked))
        rng = Random(digest(self.target, request.prompt, request.seed))
        wrong = rng.random() < MISTAKES[self.target]
        shown = rng.choice(sorted(scenes.foils(scene, rng).values(), key=repr)) if wrong else scene
        applied = {"seed": request.seed, "width": side, "height": side}
        image = scenes.render(shown, rng)
        return Result(request.id, image, None, {"mistake": wrong}, applied, left_out)
