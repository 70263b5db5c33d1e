"""A scored folder of any size without scoring it: values by chance, thumbnails of real photos."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from iqmetrics.pipeline import thumbnails
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.presets import Condition
from iqmetrics.records import ImageRecord, Metric, Missing, Reading
from iqmetrics.store import Store

FIXTURES = Path(__file__).parents[1] / "fixtures" / "outputs"
MODELS = ("model-a", "model-b")
SCORERS = {
    "size": ("width", "height", "as_requested"),
    "naturalness": ("niqe", "brisque", "piqe"),
    "grain": ("uniformity", "strength", "centre_edge", "face_ratio", "shadow", "mid", "highlight"),
    "look": ("clipped", "crushed", "cast_a", "cast_b", "cct", "saturation", "sharpness", "grid"),
    "face": ("count", "asymmetry", "malformed"),
    "hands": ("count", "countable", "extra", "missing", "wrong"),
    "text": ("legibility", "cer", "ned", "word_accuracy", "exact", "unexpected_chars"),
    "clip": ("alignment",),
}


def facts(name: str) -> ScorerFacts:
    """One scorer with the metric names of the real one."""
    better = "lower" if name in ("naturalness", "hands") else "higher"
    metrics = tuple(
        Metric(f"{name}.{m}", "", 0, 1, better, f"{m} by chance") for m in SCORERS[name]
    )
    return ScorerFacts(name, "1+00000000", "image", "", (), metrics, "Apache-2.0")


def fill(
    store: Store,
    prompts: list[str],
    each: int,
    scorers: tuple[str, ...] = tuple(SCORERS),
    folder: Path | None = None,
    names: list[str] | None = None,
) -> Run:
    """Put `len(prompts) * each * 2` scored images into a store.

    Args:
        store: an open, empty store.
        prompts: the prompts, hostile or not.
        each: images of each prompt and model.
        scorers: which of `SCORERS`.
        folder: where the images are written; None writes none and keeps no thumbnails.
        names: the models' names and the images' names, in turn; None is plain names.
    """
    every = [facts(name) for name in scorers]
    records = list(_records(prompts, each, folder, names))
    if folder is not None:
        _pictures(store, records)
    rng = np.random.default_rng(1)
    for start in range(0, len(records), 2000):
        store.add(
            (f.key(r), f.name, _reading(f, rng))
            for r in records[start : start + 2000]
            for f in every
        )
    rule = Rule((Condition(every[0].metrics[0].name, min=0.3),))
    run = Run(records, tuple(every), rule=rule)
    run.save(store)
    return run


def _records(
    prompts: list[str], each: int, folder: Path | None, names: list[str] | None
) -> Iterator[ImageRecord]:
    models = MODELS if names is None else (names[0], names[1])
    number = 0
    for m, model in enumerate(models):
        for p, prompt in enumerate(prompts):
            for seed in range(each):
                plain = f"{MODELS[m]}/{p:05}_{seed}.jpg"
                name = plain if names is None else f"{number:04} {names[number % len(names)]}"
                path = os.path.join(folder or "", plain)
                yield ImageRecord(
                    name, path, sha256=f"{number:064x}", model=model, prompt=prompt,
                    prompt_id=f"{p:012x}", seed=seed, pick=seed + 1,
                )  # fmt: skip
                number += 1


def _pictures(store: Store, records: list[ImageRecord]) -> None:
    """Crops of the fixtures' photos at 512 x 512, with thumbnails as scoring keeps them."""
    photos = [Image.open(path).convert("RGB") for path in sorted(FIXTURES.rglob("*.[jp][pn]g"))]
    rng = np.random.default_rng(2)
    for record in records:
        photo = photos[int(rng.integers(len(photos)))]
        side = int(min(photo.size) * rng.uniform(0.6, 1))
        x, y = (int(rng.integers(0, extent - side + 1)) for extent in photo.size)
        crop = photo.crop((x, y, x + side, y + side)).resize((512, 512))
        Path(record.path).parent.mkdir(parents=True, exist_ok=True)
        crop.save(record.path, quality=80)
        crop.thumbnail((thumbnails.SIDE, thumbnails.SIDE))
        out = io.BytesIO()
        crop.save(out, "JPEG", quality=thumbnails.QUALITY, optimize=True)
        store.add_thumbnails([(record.sha256, out.getvalue())])


def _reading(scorer: ScorerFacts, rng: np.random.Generator) -> Reading:
    values = {m.name: float(v) for m, v in zip(scorer.metrics, rng.random(99), strict=False)}
    last = scorer.metrics[-1].name
    missing = {}
    if len(values) > 1 and rng.random() < 0.1:
        del values[last]
        missing = {last: Missing("abstained", "too small to be judged")}
    return Reading(values, missing, _evidence(scorer.name, rng))


def _evidence(name: str, rng: np.random.Generator) -> dict[str, object]:
    def box() -> list[float]:
        x, y = rng.uniform(0, 400, 2).round(1)
        return [float(x), float(y), float(x) + 80, float(y) + 80]

    if name == "face":
        points = rng.uniform(0, 512, (68, 2)).round(1).tolist()
        return {"faces": [{"box": box(), "points": points, "label": "face"}]}
    if name == "hands":
        tips = rng.uniform(0, 512, (5, 2)).round(1).tolist()
        return {"hands": [{"box": box(), "tips": tips, "count": 5}]}
    if name == "text":
        return {"boxes": [{"box": box(), "text": "<b>OPEN</b>"}]}
    if name == "grain":
        return {"map": rng.random((8, 8)).round(2).tolist()}
    return {}
