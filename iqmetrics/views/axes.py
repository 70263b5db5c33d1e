"""The axes that a scorecard is read by: what a person asks of a model, in that order."""

from collections.abc import Iterable
from typing import Final

AXES: Final = (
    "usable", "alignment", "technical quality", "hands", "faces", "text", "grain and look",
    "diversity", "cost", "other",
)  # fmt: skip
"""`other` holds what has no axis: scorers from outside, and facts such as the size."""

_OF: Final = {
    "usable": "usable",
    "usable.prompt": "usable",
    "clip": "alignment",
    "niqe": "technical quality",
    "brisque": "technical quality",
    "piqe": "technical quality",
    "musiq": "technical quality",
    "fid": "technical quality",
    "hands": "hands",
    "face": "faces",
    "text": "text",
    "grain": "grain and look",
    "look": "grain and look",
    "diversity": "diversity",
    "run": "cost",
}


def axis(scorer: str) -> str:
    """The axis of a scorer.

    Example:
        >>> axis("niqe"), axis("mine")
        ('technical quality', 'other')
    """
    return _OF.get(scorer, "other")


def grouped(scorers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Axis -> names, from (name, scorer) pairs; axes in their order, names in theirs.

    Example:
        >>> grouped([("size.width", "size"), ("niqe", "niqe"), ("piqe", "piqe")])
        {'technical quality': ['niqe', 'piqe'], 'other': ['size.width']}
    """
    found: dict[str, list[str]] = {name: [] for name in AXES}
    for name, scorer in scorers:
        found[axis(scorer)].append(name)
    return {name: names for name, names in found.items() if names}
