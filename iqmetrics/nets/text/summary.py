"""From a judged picture to its numbers and its evidence."""

from collections.abc import Sequence
from typing import Any

from iqmetrics.nets.text import peers
from iqmetrics.nets.text.judging import Judged
from iqmetrics.nets.text.matching import credit, left_over
from iqmetrics.nets.text.normal import kept_positions, letters, same, shared, words
from iqmetrics.nets.text.targets import Target

SURE = 0.8
"""Confidence from which unexpected text counts as readable."""
LISTED = 40


def numbers(judged: Judged, readable: Sequence[float]) -> dict[str, float]:
    """The metrics of `text`; `readable` is the readability of each target, 0..1."""
    sizes = [len(letters(t)) for t in judged.targets]
    total = max(1, sum(sizes))
    matches = judged.matches
    got = [m.similarity if m else 0.0 for m in matches]
    edits = [m.distance if m else float(s) for m, s in zip(matches, sizes, strict=True)]
    legible = sum(
        s * credit(m) * (0.5 + 0.5 * r) for s, m, r in zip(sizes, matches, readable, strict=True)
    )
    pairs = list(zip(judged.targets, matches, strict=True))
    exact = [m is not None and same(letters(t), m.found) for t, m in pairs]
    return {
        "text.legibility": min(1.0, legible / total),
        "text.cer": min(1.0, sum(edits) / total),
        "text.ned": sum(got) / len(got),
        "text.word_accuracy": word_accuracy(judged),
        "text.exact": sum(exact) / len(exact),
        "text.unexpected_chars": float(
            sum(left_over([line.text for line in judged.lines], matches))
        ),
    }


def word_accuracy(judged: Judged) -> float:
    """Share of the targets' words, hanzi counted singly, that stand in their matches."""
    right = total = 0
    for target, match in zip(judged.targets, judged.matches, strict=True):
        wanted = words(target)
        total += len(wanted)
        if match is not None:
            whole = same(letters(target), match.found)
            right += len(wanted) if whole else shared(wanted, words(said(judged, match.pieces)))
    return right / total if total else 0.0


def said(judged: Judged, pieces: Sequence[tuple[int, int, int]]) -> str:
    """What the lines of a match say, spaces and signs included."""
    parts = []
    for line, a, b in pieces:
        text = judged.lines[line].text
        places = kept_positions(text)
        parts.append(text[places[a] : places[b - 1] + 1] if places else text)
    return " ".join(parts)


def evidence(judged: Judged, readable: Sequence[float], asked: Sequence[Target]) -> dict[str, Any]:
    """What the report draws: each target with what was read where, the rest, benchmark numbers."""
    rest = left_over([line.text for line in judged.lines], judged.matches)
    unexpected = [
        {
            "text": line.text,
            "box": [round(v, 1) for v in line.box],
            "confidence": round(line.confidence, 3),
            "chars": n,
        }
        for line, n in zip(judged.lines, rest, strict=True)
        if n
    ]
    sure = sum(n for line, n in zip(judged.lines, rest, strict=True) if line.confidence >= SURE)
    read = [line.text for line in judged.lines]
    matched = [said(judged, m.pieces) if m else "" for m in judged.matches]
    return {
        "targets": [
            _target(judged, i, target, readable[i], matched[i]) for i, target in enumerate(asked)
        ],
        "unexpected": unexpected[:LISTED],
        "unexpected_readable_share": round(sure / sum(rest), 3) if sum(rest) else None,
        "passes": list(judged.passes),
        "benchmarks": {
            "longtext_recall": peers.longtext(judged.targets, read),
            "oneig": peers.oneig(judged.targets, read),
            "cvtg": peers.cvtg(judged.targets, read),
            "anytext": peers.anytext(judged.targets, matched),
        },
    }


def _target(
    judged: Judged, i: int, target: Target, readable: float, matched: str
) -> dict[str, Any]:
    match = judged.matches[i]
    boxes = [judged.lines[line].box for line, _, _ in match.pieces] if match else []
    return {
        "asked": target.text,
        "sure_asked": target.confidence,
        "read": matched,
        "boxes": [[round(v, 1) for v in box] for box in boxes],
        "similarity": round(match.similarity, 4) if match else 0.0,
        "readability": round(readable, 4),
        "exact": match is not None and same(letters(target.text), match.found),
        "strict": matched == target.text,
    }
