"""How two strings are compared: what counts as the same letter, and what a difference costs.

Compared are letters, digits and hanzi only, NFKC, casefolded. Letters that many fonts draw alike
(I l 1 |, O 0) cost a fifth of an edit. Edit distances by rapidfuzz.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from rapidfuzz.distance import Levenshtein

CONFUSABLE = str.maketrans({"I": "l", "1": "l", "|": "l", "O": "0", "o": "0"})
CONFUSED_COST = 0.2


def plain(text: str) -> str:
    """What two strings must share: NFKC letters, digits and hanzi, case kept.

    Keeps one character for one, so that positions in it can be traced by `kept_positions`.
    """
    return "".join(text[i] for i in kept_positions(text)) if text.isascii() else _plain(text)[0]


def _plain(text: str) -> tuple[str, list[int]]:
    letters, places = [], []
    for place, character in enumerate(text):
        for c in unicodedata.normalize("NFKC", character):
            if c.isalnum() or c == "|" or unicodedata.category(c).startswith("M"):
                letters.append(c)
                places.append(place)
    return "".join(letters), places


def kept_positions(text: str) -> list[int]:
    """For each character of `plain(text)` its place in `text`."""
    return _plain(text)[1]


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


def same(wanted: str, found: str) -> bool:
    """Equal but for case and look-alikes."""
    return alike(wanted) == alike(found) or lowered(wanted) == lowered(found)


def lowered(text: str) -> str:
    """Casefolded one character for one (ß stays ß, so that lengths agree)."""
    return "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text)


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
