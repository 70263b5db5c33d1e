"""Prompts as a text encoder should see them: markup stripped, clauses where they are too long."""

import re
from collections.abc import Callable
from functools import lru_cache

_LORA = re.compile(r"<(?:lora|lyco|lycoris|hypernet|embedding)\s*:[^<>]*>", re.IGNORECASE)
_WEIGHTED = re.compile(r"(?<!\\)[(\[]([^()\[\]]*?):\s*-?\d*\.?\d+\s*[)\]]")
_NESTED = re.compile(r"(?<!\\)\(\(+([^()]*)\)+\)")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》")
_SENTENCE = re.compile(r"(?<=[.!?;。！？；\n])\s*|\bBREAK\b")
_CLAUSE = re.compile(r"(?<=[,:，、：])\s*")
_WORD = re.compile(r"(?<=\s)")
KEPT = 1024
"""Prompts of which what was found is remembered: some pictures are made of each."""


@lru_cache(KEPT)
def plain(prompt: str) -> str:
    """The prompt without attention weights `(word:1.2)`, LoRA tags and escaped brackets."""
    text = _LORA.sub(" ", prompt)
    while (stripped := _NESTED.sub(r"\1", _WEIGHTED.sub(r"\1", text))) != text:
        text = stripped
    text = re.sub(r"\\([()\[\]])", r"\1", text)
    text = re.sub(r"\s+([,.;，。；])", r"\1", text)
    text = re.sub(r"(?:,\s*){2,}", ", ", text)
    return re.sub(r"[^\S\n]+", " ", text).strip(" ,\n")


@lru_cache(KEPT)
def foreign_share(prompt: str) -> float:
    """Share of the letters outside quotes that are not Latin, 0..1; 0 without letters."""
    letters = [c for c in _QUOTED.sub(" ", prompt) if c.isalpha()]
    return sum(ord(c) >= 0x250 for c in letters) / len(letters) if letters else 0.0


def clauses(prompt: str, fits: Callable[[str], bool]) -> list[str]:
    """The prompt in as few pieces as fit the encoder, cut at sentences, then commas, then words.

    Args:
        prompt: a plain prompt.
        fits: whether a text is short enough to be read whole, its end token included.

    Returns:
        At least one piece; together they hold every word of the prompt.
    """
    if fits(prompt):
        return [prompt]
    return _split(prompt, fits, (_SENTENCE, _CLAUSE, _WORD))


def _split(text: str, fits: Callable[[str], bool], cuts: tuple[re.Pattern[str], ...]) -> list[str]:
    if fits(text):
        return [text]
    if not cuts:
        middle = len(text) // 2
        if middle == 0:
            return [text]
        return _split(text[:middle], fits, ()) + _split(text[middle:], fits, ())
    parts = [part for part in cuts[0].split(text) if part.strip()]
    if len(parts) < 2:
        return _split(text, fits, cuts[1:])
    pieces: list[str] = []
    for part in parts:
        if pieces and fits(joined := f"{pieces[-1].rstrip()} {part.strip()}"):
            pieces[-1] = joined
        else:
            pieces += _split(part.strip(), fits, cuts[1:])
    return pieces
