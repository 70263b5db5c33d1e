"""folder: images that were made elsewhere (Midjourney, Firefly, Ideogram ... exports) as a model.

An image belongs to a request when its path says so: `PROMPT_ID/SEED.png`, `PROMPT_ID/N.png` or
`PROMPT_ID_N.png` (N = the n-th image of the prompt, counted from 0 or 1), `PROMPT_ID.png` for the
first; or when a `prompts.csv` beside them (columns `file_name` and `prompt_id`) says so.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request, Result, each

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".tif", ".tiff")
TABLE = "prompts.csv"


@dataclass(frozen=True)
class Folder:
    """A folder of images that exist already.

    Args:
        target: the folder.

    Example:
        midjourney=folder:exports/midjourney
    """

    target: str
    batch: int = field(init=False, default=8)

    def fingerprint(self) -> Mapping[str, Any]:
        """The names, sizes and times of the images, so that a changed export is read again."""
        facts = [
            (path.relative_to(self.target).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
            for path in self._files.paths
        ]
        return {"images": sha256(json.dumps(facts).encode()).hexdigest()}

    def open(self, measure: bool) -> None:
        """Look for the images.

        Raises:
            BadInput: the folder is missing or empty, or timings are asked of finished images.
        """
        if measure:
            raise BadInput(
                f"{self.target} holds finished images: there is nothing to measure",
                "Leave --measure out for this model.",
            )
        if not self._files.paths:
            raise BadInput(f"no images in {self.target}", "Name them PROMPT_ID/SEED.png")

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """The image of each request, or that there is none."""
        return each(requests, self._one)

    def _one(self, request: Request) -> Result:
        prompt_id, number = request.place
        path = self._files.find(prompt_id, request.seed, number)
        if path is None:
            return Result.failed(
                request, "no_image", f"no image for prompt {prompt_id}, seed {request.seed}"
            )
        try:
            with Image.open(path) as file:
                file.load()
                image = file.copy()
        except (OSError, ValueError, SyntaxError) as error:
            return Result.failed(request, "no_image", f"{path.name} cannot be read: {error}")
        found = path.relative_to(self.target).as_posix()
        return Result(request.id, image, None, {"file": found}, {}, ("seed",))

    @cached_property
    def _files(self) -> "Files":
        return Files(Path(self.target))


class Files:
    """The images of a folder by the name that a request may give them."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise BadInput(f"{root} is not a folder", "folder:PATH takes a folder of images")
        self.paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
        self.named = {p.relative_to(root).with_suffix("").as_posix(): p for p in self.paths}
        self.listed: dict[str, list[Path]] = {}
        self.in_folder: dict[str, list[Path]] = {}
        for path in self.paths:
            self.in_folder.setdefault(path.parent.name, []).append(path)
        table = root / TABLE
        if table.is_file():
            for row in _rows(table):
                if row.get("prompt_id") and row.get("file_name"):
                    self.listed.setdefault(row["prompt_id"], []).append(root / row["file_name"])

    def find(self, prompt_id: str, seed: int, number: int) -> Path | None:
        """The image of a prompt with this seed, else its `number`-th (1-based), else None."""
        for name in (f"{prompt_id}/{seed}", f"{prompt_id}_{seed}", f"{prompt_id}-{seed}"):
            if name in self.named:
                return self.named[name]
        group = self.listed.get(prompt_id) or sorted(
            self.in_folder.get(prompt_id, self._beside(prompt_id)), key=_natural
        )
        return group[number - 1] if 0 < number <= len(group) else None

    def _beside(self, prompt_id: str) -> list[Path]:
        pattern = re.compile(re.escape(prompt_id) + r"(?:[-_ ]\(?\d+\)?)?")
        return [path for path in self.paths if pattern.fullmatch(path.stem)]


def _natural(path: Path) -> list[tuple[int, str]]:
    """Order names with numbers as a person would: 2 before 10."""
    parts = re.split(r"(\d+)", path.stem)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"{table} is not a CSV table in UTF-8: {error}", "Save it as UTF-8"
        ) from error
