"""What the image file itself says: a chain of small readers; the first that knows it answers."""

from collections.abc import Callable
from dataclasses import replace

from iqmetrics.errors import BadInput
from iqmetrics.metadata import (
    a1111,
    comfyui,
    drawthings,
    easydiffusion,
    fooocus,
    invokeai,
    midjourney,
    novelai,
    swarmui,
)
from iqmetrics.metadata.containers import Embedded, read_container
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.stealth import read_stealth

READERS: tuple[Callable[[Embedded], Facts | None], ...] = (
    comfyui.read,
    swarmui.read,
    invokeai.read,
    novelai.read,
    fooocus.read,
    easydiffusion.read,
    a1111.read,
    drawthings.read,
    midjourney.read,
)


def read_embedded(path: str) -> Facts:
    """The facts embedded in one image file; empty facts when it carries none.

    Raises:
        BadInput: the file cannot be opened, is no image that we know, or its metadata is broken.
    """
    found = read_container(path)
    facts = read_text(found)
    if facts is None:
        try:
            hidden = read_stealth(path, found)
        except ValueError as error:
            raise BadInput(f"the metadata cannot be read: {error}") from error
        facts = read_text(hidden) if hidden else None
    if facts is None:
        return Facts(problem=found.problem)
    return replace(facts, problem=facts.problem or found.problem)


def read_text(found: Embedded) -> Facts | None:
    """The facts in text fields, by the first reader that knows them; None when none does."""
    for reader in READERS:
        try:
            facts = reader(found)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            name = reader.__module__.rsplit(".", 1)[-1]
            raise BadInput(f"the {name} metadata cannot be read: {error!r}") from error
        if facts is not None:
            return facts
    return None
