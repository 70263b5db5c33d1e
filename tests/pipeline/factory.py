"""Makes records, readings and stores for the tests of the pipeline and its views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.progress import Silent
from iqmetrics.pipeline.score import STORE, Result, run
from iqmetrics.pipeline.scorecard import build
from iqmetrics.pipeline.settings import Settings
from iqmetrics.records import ImageRecord, Metric, Missing, Reading, Scorecard
from iqmetrics.store import Store


@dataclass(frozen=True)
class Toy:
    """Two toy metrics."""

    option: int = 1

    name = "toy"
    version = "1"
    scope = "image"
    licence = "Apache-2.0"
    uses = ("prompt",)
    metrics = (
        Metric("toy.good", "", 0, 1, "higher", "higher is better"),
        Metric("toy.bad", "px", 0, None, "lower", "lower is better"),
    )

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        return [Reading({"toy.good": 1.0, "toy.bad": float(p.pixels.mean())}) for p in pictures]


FACTS = ScorerFacts.of(Toy())


def record(
    image: str, model: str = "m", prompt: str | None = "p", seed: int = 0, pick: int = 1
) -> ImageRecord:
    return ImageRecord(
        image, image, sha256=f"sha-{image}", model=model, prompt=prompt,
        prompt_id=prompt or f"only-{image}", seed=seed, pick=pick,
    )  # fmt: skip


def stored(*pairs: tuple[ImageRecord, Reading]) -> Store:
    """A store in memory that holds one toy reading an image."""
    store = Store(None)
    store.add([(FACTS.key(r), "toy", reading) for r, reading in pairs])
    return store


def good(value: float, bad: float | None = None) -> Reading:
    if bad is None:
        return Reading({"toy.good": value}, {"toy.bad": Missing("abstained", "too small")})
    return Reading({"toy.good": value, "toy.bad": bad})


def card(models: Mapping[str, np.ndarray], metric: Metric = Toy.metrics[0]) -> Scorecard:
    """A scorecard from values of shape (prompts, seeds) a model."""
    store = Store(None)
    records = []
    facts = replace(FACTS, metrics=(metric,))
    for model, values in models.items():
        for p, row in enumerate(values):
            for s, value in enumerate(row):
                r = record(f"{model}/{p}/{s}.png", model, f"prompt-{p}", seed=s, pick=s + 1)
                records.append(r)
                store.add([(facts.key(r), "toy", Reading({metric.name: float(value)}))])
    run = Run(records, (facts,))
    return build(outcomes(store, run), run.scorers)


def paint(path: Path, grey: int = 90, size: tuple[int, int] = (32, 24)) -> Path:
    """A flat grey picture in a file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (grey, grey, grey)).save(path)
    return path


def picture(image: str = "a.png", grey: int = 90, size: tuple[int, int] = (4, 3)) -> Picture:
    """A flat grey picture in memory; `size` is (width, height)."""
    return Picture(record(image), np.full((size[1], size[0], 3), grey, np.uint8))


def scored(folder: Path, settings: Settings | None = None) -> Result:
    """A folder scored into its own store, without any other file being written."""
    out = folder / "iqm"
    out.mkdir(parents=True, exist_ok=True)
    return run(
        folder, Store(out / STORE), settings or Settings(scorers=("size",), workers=0), Silent()
    )


class Recorder:
    """A progress listener that remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def start(self, stage: str, total: int) -> None:
        self.told.append(("start", (stage, total)))

    def advance(self, count: int = 1) -> None:
        self.told.append(("advance", count))

    def finish(self) -> None:
        self.told.append(("finish", None))


def written(folder: Path, settings: Settings | None = None) -> Path:
    """A folder scored with every file that `iqm score` leaves; the folder of its results."""
    from iqmetrics.views import outputs

    settings = settings or Settings(scorers=("size",), workers=0)
    result = scored(folder, settings)
    outputs.write(result, settings, folder / "iqm")
    return folder / "iqm"
