"""Where a text may be broken into lines: between words, and within Chinese between characters."""

import re
from collections.abc import Iterable, Iterator
from unicodedata import category

COMMAND = "-> "
"""How a line begins that is a command."""
FURTHER = "  "
"""How much further in the lines begin that go on with a sentence."""
_PASTED = re.compile(r"(?<!\S)(?:pip|iqm|hf|python) [a-z-].*", re.DOTALL)
"""A command within a sentence, to its end."""
_STAY = {"Pe", "Pf", "Po", "Mn", "Mc", "Me", "Cf", "Sk"}
"""Kinds of characters that begin no line: what closes, pauses, or changes the one before."""
_HOLD = {"Ps", "Pi", "Cf"}
"""Kinds of characters that end no line: what opens or joins."""


def width(text: str) -> int:
    """Columns that a terminal gives to `text`: two to a wide character (Chinese).

    Example:
        >>> width("fox"), width("狐狸")
        (3, 4)
    """
    from rich.cells import cell_len

    return cell_len(text)


def folded(text: str, room: int) -> list[str]:
    r"""`text` in lines of `room` columns; a word that is longer than that stays whole.

    A command (`-> ...`) can be pasted as it is: its lines end with a backslash, but the last.

    Example:
        >>> folded("a red fox in snow", 9)
        ['a red fox', 'in snow']
        >>> folded("-> pip install torch", 14)
        ['-> pip \\', 'install torch']
    """
    if width(text) <= room:
        return [text]
    if not text.startswith(COMMAND):
        return packed(pieces(text), room)
    *lines, last = packed(pieces(text), room - 2)
    return [*(f"{line} \\" for line in lines), last]


def prose(text: str, room: int | None) -> str:
    r"""A sentence as it is printed: in lines of `room` columns, in one where that is None.

    From a command on (`pip ...`, `iqm ...`) it stays in one piece, so that it can be pasted.

    Example:
        >>> print(prose("clip is unavailable, it needs torch: pip install torch", 24))
        clip is unavailable,
          it needs torch:
          pip install torch
    """
    if room is None or width(text) <= room:
        return text
    start = text[: len(text) - len(text.lstrip())]
    command = _PASTED.search(text)
    words = pieces(text[: command.start()] if command else text)
    parts = [*words, *([(" ", command[0])] if command else [])]
    first, *more = packed(parts, room - len(start + FURTHER))
    return "\n".join([start + first, *(start + FURTHER + line for line in more)])


def packed(parts: Iterable[tuple[str, str]], room: int) -> list[str]:
    """Lines of `room` columns made of `parts`: what parts it from the one before, and its text."""
    lines = [""]
    for gap, part in parts:
        longer = lines[-1] + gap + part if lines[-1] else part
        if lines[-1] and width(longer) > room:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """What is never broken: a word, or a wide character with the punctuation that belongs to it.

    Example:
        >>> list(pieces("a fox，狐狸。"))
        [(' ', 'a'), (' ', 'fox，'), ('', '狐'), ('', '狸。')]
    """
    for word in text.split():
        gap, start = " ", 0
        for at in range(1, len(word)):
            if _may_break(word[at - 1], word[at]):
                yield gap, word[start:at]
                gap, start = "", at
        yield gap, word[start:]


def _may_break(before: str, after: str) -> bool:
    wide = width(before) == 2 or width(after) == 2
    return wide and category(before) not in _HOLD and category(after) not in _STAY
