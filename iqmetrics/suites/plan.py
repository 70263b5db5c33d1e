"""From a suite to the list of images that are asked of every model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from unicodedata import normalize

from iqmetrics.records import Prompt, PromptSuite

ABOUT = "about"
"""The key of `Prompt.params` that holds a benchmark's own facts; never sent to a model."""

DEFAULT_SEEDS = (0,)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image of a suite: the prompt, its seed, its size, and `number`, 1-based in its prompt.

    Each size of a prompt is its own prompt_id.
    """

    prompt_id: str
    prompt: Prompt
    seed: int
    size: tuple[int, int] | None
    number: int


def plan(suite: PromptSuite, seeds: Sequence[int] = (), limit: int | None = None) -> list[Wanted]:
    """Every image of the suite, prompt by prompt; `seeds` replaces those of the suite."""
    prompts = suite.prompts[:limit]
    return [
        Wanted(_id(prompt, size), prompt, seed, size, number)
        for prompt in prompts
        for size in (prompt.sizes or (None,))
        for number, seed in enumerate(seeds or prompt.seeds or DEFAULT_SEEDS, 1)
    ]


def _id(prompt: Prompt, size: tuple[int, int] | None) -> str:
    if size is None or len(prompt.sizes) == 1:
        return prompt.id
    return f"{prompt.id}-{size[0]}x{size[1]}"


def file_safe(name: str) -> str:
    """A name for a file or folder: word characters of any script, `.`, `-`, `+`; at most 100 bytes.

    Names that had to change get a hash behind them, so that no two become the same.
    """
    safe = re.sub(r"[^\w.+-]+", "-", name).strip("-.")
    while len(safe.encode()) > 80:
        safe = safe[:-1]
    return safe if safe == name and name.lower() != "iqm" else _hashed(safe, name)


def _hashed(safe: str, name: str) -> str:
    return f"{safe}-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}".lstrip("-")


class Folders:
    """Names of folders, no two alike even where `A` and `a` are one folder (Windows, macOS).

    Whoever has a name first keeps it; the others get a hash behind theirs.

    Example:
        >>> folders = Folders()
        >>> folders.of("cat"), folders.of("Cat"), folders.of("cat")
        ('cat', 'Cat-48735c4f', 'cat')
    """

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The folder of a name, always the same one."""
        safe = file_safe(name)
        owner = self._owners.setdefault(normalize("NFC", safe).casefold(), name)
        return safe if owner == name else _hashed(safe, name)
