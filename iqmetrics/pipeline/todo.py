"""What an image still needs: names of scorers with the key of each outcome, made when asked for.

Keys take a hundred bytes a scorer, and a folder has a million images; what they are made of is held
anyway.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from iqmetrics.pipeline.keys import ScorerFacts, content
from iqmetrics.records import ImageRecord


class Todo(Mapping[str, bytes]):
    """Scorer's name -> key of its outcome on one image.

    To another process it travels as a plain dict.

    Args:
        record: the image.
        scorers: those that lack an outcome; one tuple for all images that lack the same.
    """

    __slots__ = ("_record", "_scorers")

    def __init__(self, record: ImageRecord, scorers: tuple[ScorerFacts, ...]) -> None:
        self._record = record
        self._scorers = scorers

    def __getitem__(self, name: str) -> bytes:
        for scorer in self._scorers:
            if scorer.name == name:
                return scorer.key_of(self._record, content(self._record))
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(scorer.name == name for scorer in self._scorers)

    def __iter__(self) -> Iterator[str]:
        return (scorer.name for scorer in self._scorers)

    def __len__(self) -> int:
        return len(self._scorers)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (list(self.items()),)

    def without(self, names: Collection[str], shared: "Shared") -> "Todo":
        """The same, less some scorers."""
        return Todo(self._record, shared(s for s in self._scorers if s.name not in names))


class Shared:
    """One tuple for every choice among the scorers of a run."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, ...], tuple[ScorerFacts, ...]] = {}

    def __call__(self, scorers: Iterator[ScorerFacts]) -> tuple[ScorerFacts, ...]:
        """The tuple of these scorers."""
        chosen = tuple(scorers)
        return self._met.setdefault(tuple(s.name for s in chosen), chosen)
