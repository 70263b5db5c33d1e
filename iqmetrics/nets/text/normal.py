"""How two strings are compared: what counts as the same letter, and what a difference costs.

Compared are letters, digits and hanzi only, NFKC, casefolded. Letters that many fonts draw alike
(I l 1 |, O 0) cost a fifth of an edit. Edit distances by rapidfuzz.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

CONFUSABLE = str.maketrans({"I": "l", "1": "l", "|": "l", "O": "0", "o": "0"})
CONFUSED_COST = 0.2


def plain(text: str) -> str:
    """What two strings must share: NFKC letters, digits and hanzi, case kept.

    Positions in it can be traced to the text by `kept_positions`.
    """
    return _plain(text)[0]


def kept_positions(text: str) -> tuple[int, ...]:
    """For each character of `plain(text)` its place in `text`."""
    return _plain(text)[1]


@lru_cache(4096)
def _plain(text: str) -> tuple[str, tuple[int, ...]]:
    letters, places, keeps = [], [], False
    for place, cluster in _clusters(text):
        for c in unicodedata.normalize("NFKC", cluster):
            keeps = c.isalnum() or c == "|" or (keeps and _is_mark(c))
            if keeps:
                letters.append(c)
                places.append(place)
    return "".join(letters), tuple(places)


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Each character with what is written after it (e and U+0301 are one é), and its place."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _goes_on(text[end]):
            yield start, text[start:end]
            start = end


def _goes_on(c: str) -> bool:
    """An accent, or the vowel or last consonant of a Korean syllable."""
    if "\u1160" <= c <= "\u11ff":
        return True
    return unicodedata.combining(unicodedata.normalize("NFKC", c)[:1] or "x") != 0


def _is_mark(c: str) -> bool:
    """An accent or vowel sign; not the selectors that say how an emoji is drawn."""
    return unicodedata.category(c) in ("Mn", "Mc") and not "\ufe00" <= c <= "\ufe0f"


def letters(text: str) -> str:
    """The plain form, or the text itself where it is made of signs only ("?!")."""
    return plain(text) or "".join(text.split())


def distance(wanted: str, found: str) -> float:
    """Edits between two plain strings; case is free, a look-alike costs CONFUSED_COST."""
    a, b = lowered(wanted), lowered(found)
    strict = Levenshtein.distance(a, b)
    folded = Levenshtein.distance(alike(wanted), alike(found))
    return float(min(strict, folded + CONFUSED_COST * max(0, strict - folded)))


def similarity(wanted: str, found: str) -> float:
    """1 - distance / length of the longer; 1 = the same, 0 = nothing in common."""
    longest = max(len(wanted), len(found))
    return 1 - distance(wanted, found) / longest if longest else 1.0


def similarities(wanted: str, found: Sequence[str]) -> "np.ndarray":
    """`similarity` of one string with many, (n,) float64."""
    strict = _distances(lowered(wanted), [lowered(text) for text in found])
    folded = _distances(alike(wanted), [alike(text) for text in found])
    cost = np.minimum(strict, folded + CONFUSED_COST * np.maximum(0, strict - folded))
    longest = np.maximum(len(wanted), [len(text) for text in found])
    return np.asarray(1 - cost / np.maximum(longest, 1))


def _distances(wanted: str, found: Sequence[str]) -> "np.ndarray":
    edits: np.ndarray = cdist([wanted], found, scorer=Levenshtein.distance, dtype=np.float64)
    return np.asarray(edits[0])


def same(wanted: str, found: str) -> bool:
    """Equal but for case and look-alikes."""
    return alike(wanted) == alike(found) or lowered(wanted) == lowered(found)


@lru_cache(4096)
def lowered(text: str) -> str:
    """Casefolded one character for one (ß stays ß, so that lengths agree)."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text)


@lru_cache(4096)
def alike(text: str) -> str:
    """Look-alikes folded together, then casefolded; same length."""
    return lowered(text.translate(CONFUSABLE))


def words(text: str) -> list[str]:
    """Casefolded words; each hanzi is a word."""
    found: list[str] = []
    run = ""
    for c in unicodedata.normalize("NFKC", text).casefold():
        hanzi = "\u3400" <= c <= "\u9fff"
        if c.isalnum() and not hanzi:
            run += c
            continue
        if run and c not in "'’":
            found.append(run)
            run = ""
        found += [c] if hanzi else []
    return [*found, run] if run else found


def shared(wanted: Iterable[str], found: Iterable[str]) -> int:
    """How many of the wanted are among the found, each found one used once."""
    return sum((Counter(wanted) & Counter(found)).values())
