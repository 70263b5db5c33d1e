"""Readings before a change held against those after it, on pictures with and without lettering.

    python benchmarks/same_readings.py --images FOLDER --keep before.json
    python benchmarks/same_readings.py --images FOLDER --against before.json --json FILE

`--images` is the folder of `one_pass_gpu.py`: PNGs of 1024 x 1024 and masks of letters. Run both
on the same machine, the first with the old version.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import report
from PIL import Image

from iqmetrics import plugins
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers import base

NAMES = ("niqe", "grain", "face", "hands", "text")
Answers = dict[str, Any]
"""By "scorer picture": values and what is missing."""


def pictures(folder: Path) -> list[Picture]:
    """Each picture as it is, and lettered with the strings that its prompt asks for."""
    import one_pass_gpu

    found = []
    for k, path in enumerate(one_pass_gpu.squares(folder, 1024)):
        letters, strings = one_pass_gpu.lettered(path, k)
        asked = " and ".join(f'"{word}"' for word in strings)
        plain = np.asarray(Image.open(path).convert("RGB"))
        for name, pixels, prompt in (
            (f"{path.stem} plain", plain, "a photograph"),
            (f"{path.stem} lettered", letters, f"a photograph with the words {asked}"),
        ):
            found.append(Picture(ImageRecord(name, name, prompt=prompt), pixels))
    return found


def answers(scorers: Mapping[str, base.Scorer], shown: Sequence[Picture]) -> Answers:
    """All pictures scored together."""
    told: Answers = {}
    for name, scorer in scorers.items():
        for picture, reading in zip(shown, scorer.score(shown), strict=True):
            lacking = {k: [why.status, why.reason] for k, why in reading.missing.items()}
            told[f"{name} {picture.record.path}"] = [dict(reading.values), lacking]
    return told


def gaps(before: Answers, after: Answers) -> dict[str, float]:
    """By metric: readings that differ, by how much at most, and how many have no match at all.

    A reading has none where one of the two has no value, or both lack it for other reasons.
    """
    found: dict[str, float] = {}
    for key in before.keys() | after.keys():
        (old, lack), (new, lacks) = (told.get(key, ({}, {})) for told in (before, after))
        for metric in old.keys() | new.keys() | lack.keys() | lacks.keys():
            both = metric in old and metric in new
            off = abs(old[metric] - new[metric]) if both else 0.0
            alike = both or (metric in lack and lack[metric] == lacks.get(metric))
            for end, more in (("differ", off > 0), ("unmatched", not alike)):
                found[f"{metric}_{end}"] = found.get(f"{metric}_{end}", 0) + more
            found[f"{metric}_gap"] = max(found.get(f"{metric}_gap", 0.0), off)
    return dict(sorted(found.items()))


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="write the readings here")
    parser.add_argument("--against", type=Path, help="readings that were kept before")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--scorers", nargs="*", default=list(NAMES))
    args = parser.parse_args()
    scorers = {name: plugins.make("scorer", name) for name in args.scorers}
    for scorer in scorers.values():
        base.load(scorer, args.device)
    found = json.loads(json.dumps(answers(scorers, pictures(args.images))))
    if args.keep:
        args.keep.write_text(json.dumps(found))
    if args.against:
        figures = gaps(json.loads(args.against.read_text()), found)
        notes = {"unmatched": "one of the two has no value, or another reason for it"}
        report.write(args.json, figures, notes, ("iqmetrics", "numpy", "torch"))


if __name__ == "__main__":
    main()
