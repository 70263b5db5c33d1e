"""Files beside a page that hold what it loads when it is shown.

Pages opened from a folder may not fetch, so each file is a script that calls `part` with JSON text.
"""

import json
from pathlib import Path
from typing import Any

from iqmetrics.views.feeds import write_text
from iqmetrics.views.report import data

OURS = (".js", ".webp")
"""Endings of our files; earlier versions had a .webp a thumbnail."""


class Parts:
    """The parts of a page in one folder; those that it has no more are removed in the end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._there = {path.name for path in folder.iterdir() if path.suffix in OURS}
        self._kept: set[str] = set()
        self.changed = False

    def keep(self, name: str) -> bool:
        """Whether the part is there, and so stays as it is."""
        file = f"{name}.js"
        if file in self._there:
            self._kept.add(file)
        return file in self._kept

    def write(self, name: str, value: Any) -> None:
        """Write one part, unless it is there with the same bytes."""
        # JSON in a string: as a literal of the script, a key `__proto__` would be no key.
        text = data.readable(json.dumps(value, ensure_ascii=True, separators=(",", ":")))
        script = f"part({json.dumps(name)},{json.dumps(text)});\n"
        self.changed |= write_text(self._folder / f"{name}.js", script)
        self._kept.add(f"{name}.js")

    def remove_others(self) -> None:
        """Remove what an earlier page had and this one has not."""
        for old in self._there - self._kept:
            (self._folder / old).unlink(missing_ok=True)  # by another run, perhaps
            self.changed = True
