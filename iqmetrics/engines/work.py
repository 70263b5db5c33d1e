"""What an engine is given and what it answers: the same for every engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from iqmetrics.records import ImageRecord, Missing, Reading

Outcomes = Sequence[tuple[bytes, str, Reading]]
"""(key, scorer, reading) as the store takes them."""
Save = Callable[[Outcomes], None]
"""Commits outcomes; when it returns they are safe."""


@dataclass(frozen=True, slots=True)
class ImageWork:
    """One image to decode: the scorers that lack an outcome on it, with the key of each.

    `problem_key` is where it is remembered that the image cannot be decoded.
    """

    record: ImageRecord
    todo: Mapping[str, bytes]
    problem_key: bytes


@dataclass(frozen=True, slots=True)
class SetWork:
    """One set to judge by one set scorer; `images` are the members' `ImageRecord.image`.

    `key` names the outcome of the members that could be decoded.
    """

    scorer: str
    key: Callable[[Sequence[ImageRecord]], bytes]
    images: frozenset[str]


@dataclass(slots=True)
class Finished:
    """How a run ended: images that no scorer could see, and whether it was stopped by ^C."""

    problems: dict[str, Missing] = field(default_factory=dict)
    interrupted: bool = False
