"""What the image file itself says: a chain of small readers; the first that knows it answers."""

from collections.abc import Callable

from iqmetrics.errors import BadInput
from iqmetrics.metadata import a1111, comfyui
from iqmetrics.metadata.containers import Embedded, read_container
from iqmetrics.metadata.facts import Facts

READERS: tuple[Callable[[Embedded], Facts | None], ...] = (comfyui.read, a1111.read)


def read_embedded(path: str) -> Facts:
    """The facts embedded in one image file; empty facts when it carries none.

    Raises:
        BadInput: the file cannot be opened or is no image that we know.
    """
    found = read_container(path)
    for reader in READERS:
        try:
            facts = reader(found)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadInput(f"the metadata cannot be read: {error!r}") from error
        if facts is not None:
            return facts
    return Facts(problem=found.problem)
