"""Finds quoted spans in a prompt: paired marks of all kinds, nested, beside apostrophes and inches.

Pure: a string in, spans out. What a span means (lettering, speech, a style word) is for `targets`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

PAIRS = {"“": "”", "„": "“”", "«": "»", "‹": "›", "「": "」", "『": "』", "〝": "〟〞", "《": "》"}
"""Marks that open and close with different characters; the outermost pair counts."""

ELISION = re.compile(r"['‘’](?:\d0s\b(?!['’])|n['’]|t(?:is|was|il)\b|em\b)", re.IGNORECASE)
"""Words that begin with an apostrophe: '90s, 'n', 'til."""


INCH = re.compile(r'" (?:x|by|[a-z]{4,})\b')
"""What follows the digits of a length: 12" by 9", 7" vinyl."""


@dataclass(frozen=True, slots=True)
class Span:
    """One quoted part: `prompt[start:end]` with its marks, `text` without them."""

    start: int
    end: int
    text: str
    mark: str


def normalised(prompt: str) -> str:
    """The prompt with doubled, escaped and full-width marks written as the plain ones."""
    for old, new in (
        ('\\"', '"'),
        ("\\'", "'"),
        ("``", '"'),
        ("''", '"'),
        ("＂", '"'),
        ("＇", "'"),
        ("”“", "” “"),
    ):
        prompt = prompt.replace(old, new)
    return _unwrapped(prompt)


def spans(prompt: str) -> list[Span]:
    """Every outermost quoted span of a `normalised` prompt, left to right."""
    found: list[Span] = []
    position = 0
    while position < len(prompt):
        end = _end_of_quote(prompt, position)
        if end is None:
            position += 1
            continue
        text = " ".join(prompt[position + 1 : end].split())
        if text:
            found.append(Span(position, end + 1, text, prompt[position]))
        position = end + 1
    return found


def _end_of_quote(prompt: str, start: int) -> int | None:
    mark = prompt[start]
    if mark == '"' and _may_open(prompt, start):
        return _end_of_straight(prompt, start)
    if mark in "'‘" and _may_open(prompt, start) and not ELISION.match(prompt, start):
        return _end_of_single(prompt, start, "’'" if mark == "‘" else "'")
    if mark == "`":
        return _found(prompt.find("`", start + 1))
    if mark in PAIRS:
        return _end_of_pair(prompt, start)
    return None


def _may_open(prompt: str, at: int) -> bool:
    """A quote opens after a space or mark (or a hanzi), never after a digit (inches) or letter."""
    before = prompt[at - 1] if at else " "
    after = prompt[at + 1] if at + 1 < len(prompt) else " "
    if after.isspace():
        return prompt[at] == '"' and _is_cjk(before)
    if prompt[at] == '"' and before.isascii() and before.isalpha():
        return after.isalpha()  # reads"OPEN": a forgotten space
    return not before.isalnum() or _is_cjk(before)


def _may_close(prompt: str, at: int) -> bool:
    after = prompt[at + 1] if at + 1 < len(prompt) else " "
    return not after.isalnum() or _is_cjk(after) or _is_cjk(prompt[at - 1])


def _end_of_straight(prompt: str, start: int) -> int | None:
    first = at = prompt.find('"', start + 1)
    while at >= 0:
        if _may_close(prompt, at) and not _is_inner_inch(prompt, at):
            return at
        at = prompt.find('"', at + 1)
    return _found(first)


def _is_inner_inch(prompt: str, at: int) -> bool:
    """A 12" inside a quotation: after a digit, and the next mark closes before any other opens."""
    if not (prompt[at - 1].isdigit() and INCH.match(prompt, at)):
        return False
    later = prompt.count('"', at + 1)
    return later % 2 == 1 and not _may_open(prompt, prompt.find('"', at + 1))


def _end_of_single(prompt: str, start: int, closing: str) -> int | None:
    """The closing mark; an s' inside (Drivers' Club) does not close when a later mark must."""
    marks = [i for i in range(start + 1, len(prompt)) if prompt[i] in closing]
    ends = [i for i in marks if not prompt[i - 1].isspace() and _may_close(prompt, i)]
    for position, at in enumerate(ends):
        if prompt[at - 1] not in "sS" or position + 1 == len(ends):
            return at
        following = ends[position + 1]
        opens = any(
            _may_open(prompt, i) and not ELISION.match(prompt, i)
            for i in range(at + 1, following)
            if prompt[i] in "'‘"
        )
        another_plural = prompt[following - 1] in "sS" and prompt[following + 1 :][:1] == " "
        if opens or another_plural or prompt[at + 1 : at + 2] != " ":
            return at
    return None


def _end_of_pair(prompt: str, start: int) -> int | None:
    opening, closing, depth = prompt[start], PAIRS[prompt[start]], 0
    if all(prompt.find(mark, start + 1) < 0 for mark in closing):
        return None  # told at once: a prompt of nothing but opening marks is read in one pass
    for at in range(start, len(prompt)):
        if prompt[at] in closing and at > start:
            depth -= 1
        elif prompt[at] == opening:
            depth += 1
        if depth == 0:
            return at
    return _found(_first(prompt, lambda c: c in closing, start + 1))


def _first(text: str, wanted: Callable[[str], bool], start: int) -> int:
    return next((i for i in range(start, len(text)) if wanted(text[i])), -1)


def _found(at: int) -> int | None:
    return at if at >= 0 else None


def _is_cjk(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef"


def _unwrapped(prompt: str) -> str:
    """A prompt that is one single quotation is taken out of its marks, if it quotes inside."""
    text = prompt.strip()
    if len(text) < 2 or text[1:-1].count(text[0]):
        return prompt
    closing = PAIRS.get(text[0], text[0] if text[0] in "'\"`" else "")
    inside = text[1:-1]
    if closing and text[-1] in closing and re.search("[\"'“‘「『]", inside):
        return inside
    return prompt
