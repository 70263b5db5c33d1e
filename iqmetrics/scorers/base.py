"""What a scorer is: a frozen dataclass with a few facts and one method.

The smallest one, complete::

    @dataclass(frozen=True)
    class Sharpness:
        '''Focus: variance of the Laplacian of luma; 0 for a flat image, higher is sharper.'''

        name = "sharpness"
        version = "1"  # bump when the same image would score differently
        scope = "image"
        licence = "Apache-2.0"
        metrics = (Metric("sharpness", "grey levels^2", 0, None, "higher", "focus of the image"),)

        def score(self, pictures):
            return [Reading({"sharpness": focus(p.pixels)}) for p in pictures]

Its fields are its options. More facts are optional (see `Scorer`): `uses`, `weights`, `load` ...
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Protocol

from iqmetrics.images import Picture
from iqmetrics.records import Metric, Reading, Scope


class Scorer(Protocol):
    """A scorer judges pictures; it must not care how many come together or in which order.

    Optional attributes, read through the functions below:
        uses: tuple of `ImageRecord` fields the score depends on besides the pixels, e.g.
            ("prompt", "texts"); they enter the cache key.
        weights: tuple of names in the weight ledger whose sha256 enters the cache key.
        load(device): called once before the first `score`, device "cpu" or "cuda"; raises
            `Unavailable` when a package or weight file is missing (checked before any import).
        imports: tuple of modules that `load` imports and that take seconds: processes that score
            at the same time import them once (`pipeline.nursery`).
        read(pictures): for scope "set": called with pictures as they are decoded; computes with
            `Picture.once` all that `score` needs, so that a large set need not keep its pixels.
        each: for scope "set": "prompt" (default; one set a (model, prompt)) or "model".
        concurrent: True when `score` may run in several threads at once (it changes nothing that
            they share). Otherwise one batch at a time is shown to it.
    """

    @property
    def name(self) -> str:
        """The registered name."""
        ...

    @property
    def version(self) -> str:
        """Bumped when the same image would score differently."""
        ...

    @property
    def scope(self) -> Scope:
        """What one reading is about."""
        ...

    @property
    def licence(self) -> str:
        """SPDX id of code and weights together, the stricter one."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every number that it answers."""
        ...

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """Scope "image": one reading a picture, in order. Scope "set": one reading for all."""
        ...


def options(scorer: Scorer) -> dict[str, Any]:
    """The options that define this scorer: its dataclass fields."""
    return {f.name: getattr(scorer, f.name) for f in fields(scorer) if f.init}  # type: ignore[arg-type]


def uses(scorer: Scorer) -> tuple[str, ...]:
    """The record fields, besides the pixels, that its score depends on."""
    return tuple(getattr(scorer, "uses", ()))


def weights(scorer: Scorer) -> tuple[str, ...]:
    """Names in the weight ledger that its score depends on."""
    return tuple(getattr(scorer, "weights", ()))


def imports(scorer: Scorer) -> tuple[str, ...]:
    """Names of modules that take long to import and that `load` will import."""
    return tuple(getattr(scorer, "imports", ()))


def is_concurrent(scorer: Scorer) -> bool:
    """Whether several threads may call `score` at once."""
    return bool(getattr(scorer, "concurrent", False))


def load(scorer: Scorer, device: str) -> None:
    """Let the scorer load what it needs; a scorer without `load` needs nothing."""
    if hook := getattr(scorer, "load", None):
        hook(device)


def read(scorer: Scorer, pictures: Sequence[Picture]) -> bool:
    """Let a set scorer read pictures ahead; whether it then needs their pixels no longer."""
    if hook := getattr(scorer, "read", None):
        hook(pictures)
    return hook is not None


def keep(scorer: Scorer, **loaded: Any) -> None:
    """Attach loaded state (nets, the device) to a frozen scorer.

    Declare it as `field(init=False, repr=False, compare=False, default=None)`: then it is no
    option, and no part of a key.
    """
    for name, value in loaded.items():
        object.__setattr__(scorer, name, value)
