"""Files that are replaced whole: where a link stands in their place, what it leads to is."""

import os
from pathlib import Path


def led(path: Path) -> Path:
    """The file that `path` leads to, be it there yet or not; `path` itself where it is no link.

    A file that is moved over a link would take the link's place and leave the old file behind it.
    """
    return Path(os.path.realpath(path)) if path.is_symlink() else path
