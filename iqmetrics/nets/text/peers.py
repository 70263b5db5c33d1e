"""The numbers of published lettering benchmarks, from this reader's strings instead of theirs.

Formulas as in their evaluators: LongText-Bench (X-Omni), OneIG-Bench, CVTG-2K (TextCrafter) and
AnyText. Comparable among pictures scored here; not with tables made by another reader.
"""

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from iqmetrics.nets.text.normal import shared, words

HANZI = re.compile(r"[\u4e00-\u9fff]")


def longtext(targets: Sequence[str], read: Sequence[str]) -> float:
    """Recall of the multiset of words (with hanzi among the targets: of characters), 0..1."""
    wanted, found = " ".join(targets), " ".join(read)
    if HANZI.search(wanted):
        a, b = _signs(wanted), _signs(found)
    else:
        a, b = words(wanted), words(found)
    return shared(a, b) / len(a) if a else 0.0


def oneig(targets: Sequence[str], read: Sequence[str]) -> dict[str, float]:
    """Edit distance `ed` of all text, `cr` = 1 where it is 0, `wac` = word recall, `score`.

    score = 1 - min(M, ed) (1 - cr) (1 - wac) / M with M = 100, or 50 with hanzi.
    """
    wanted, found = " ".join(targets), " ".join(read)
    zh = bool(HANZI.search(wanted))
    a, b = ("".join(_signs(t)) if zh else " ".join(words(t)) for t in (wanted, found))
    most = 50 if zh else 100
    ed = Levenshtein.distance(a, b)
    cr = float(ed == 0)
    wac = longtext(targets, read)
    return {
        "ed": ed,
        "cr": cr,
        "wac": wac,
        "score": 1 - min(most, ed) * (1 - cr) * (1 - wac) / most,
    }


def cvtg(targets: Sequence[str], read: Sequence[str]) -> dict[str, float]:
    """Share of target words that stand among the read ones, and mean closeness to the nearest."""
    wanted = [w for t in targets for w in t.casefold().split()]
    found = [w for t in read for w in t.casefold().split()]
    if not wanted:
        return {"word_accuracy": 0.0, "ned": 0.0}
    nearest = [
        max((Levenshtein.normalized_similarity(w, f) for f in found), default=0.0) for w in wanted
    ]
    return {
        "word_accuracy": sum(w in found for w in wanted) / len(wanted),
        "ned": sum(nearest) / len(nearest),
    }


def anytext(targets: Sequence[str], matched: Sequence[str]) -> dict[str, float]:
    """Share of targets read to the letter (case counts), and mean closeness to their matches."""
    pairs = list(zip(targets, matched, strict=True))
    if not pairs:
        return {"sentence_accuracy": 0.0, "ned": 0.0}
    return {
        "sentence_accuracy": sum(t == m for t, m in pairs) / len(pairs),
        "ned": sum(Levenshtein.normalized_similarity(t, m) for t, m in pairs) / len(pairs),
    }


def _signs(text: str) -> list[str]:
    return [c for c in text.casefold() if c.isalnum()]
