"""Folder layouts of public benchmarks and of `iqm generate`: what the place of an image tells.

OneIG-Bench: `images/<class>/<model>/<id>.webp`, each file a grid of several pictures. GenEval:
`<n>/metadata.jsonl` beside `<n>/samples/0000.png` (its one-row table speaks of its whole folder).
`iqm generate`: `images/<model>/<prompt_id>/<seed>.png`.
"""

import re
from collections.abc import Sequence

from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.selection import split_suffix

ONEIG = {
    "anime_stylization": "anime",
    "portrait": "human",
    "general_object": "object",
    "text_rendering": "text",
    "knowledge_reasoning": "reasoning",
    "multilingualism": "multilingualism",
}
"""Category in OneIG-Bench's table -> folder of its images."""
CLASSES = frozenset(ONEIG.values())
GENERATED = re.compile(r"(?:.*/)?([^/]+)/([0-9a-f]{12})/(\d{1,20})")


def read_layout(images: Sequence[str]) -> dict[str, Facts]:
    """Facts by image for the layouts that are recognised; {} for any other folder."""
    if not images:
        return {}
    places = [_oneig(image) for image in images]
    if all(places):
        return {image: facts for image, facts in zip(images, places, strict=True) if facts}
    return {image: facts for image in images if (facts := _generated(image))}


def _oneig(image: str) -> Facts | None:
    parts = split_suffix(image)[0].split("/")
    if len(parts) < 3 or parts[-3].lower() not in CLASSES or not parts[-1].isdigit():
        return None
    kind, model, number = parts[-3].lower(), parts[-2], parts[-1]
    return Facts(
        source="oneig layout",
        model=model,
        prompt_id=f"{kind}-{number}",
        tags=(kind,),
        params={"may_be_grid": True},
    )


def _generated(image: str) -> Facts | None:
    found = GENERATED.fullmatch(split_suffix(image)[0])
    if not found:
        return None
    return Facts(source="iqm layout", model=found[1], prompt_id=found[2], seed=int(found[3]))
