"""Which files of a folder are images to judge, which describe them, and which are neither.

Skipped by default, but counted and named: grids, masks, control inputs (pose, depth ...), previews.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache

from iqmetrics.metadata.walk import Entry

IMAGE_SUFFIXES = frozenset(
    ".png .apng .jpg .jpeg .jfif .webp .gif .bmp .tif .tiff .avif".split()  # noqa: SIM905
)
UNREAD_SUFFIXES = frozenset(
    ".heic .heif .hif .jxl .jp2 .j2k .svg .psd .exr .hdr .tga .dds .ico .dng .cr2 .nef".split()  # noqa: SIM905
)
"""Pictures of formats that nothing here reads; they are named apart from what is no picture."""
SIDECAR_SUFFIXES = frozenset((".txt", ".json", ".yaml", ".yml"))
TABLE_NAMES = frozenset(
    (
        "manifest.jsonl",
        "metadata.jsonl",
        "metadata.csv",
        "prompts.csv",
        "prompts.tsv",
        "prompts.jsonl",
    )
)

FOLDERS = {
    "grid": re.compile(r"grids?|.+-grids|.+_grids"),
    "mask": re.compile(r"masks?|inpaint[-_]masks?"),
    "control input": re.compile(
        r"control|controlnet|control[-_](images?|maps?|inputs?)|controlnet[-_](images?|inputs?)|"
        r"detected[-_]maps?|openpose|(pose|depth|canny|lineart|normal)([-_]?(maps?|inputs?|images?))|"
        r"poses|depths|init[-_]images"
    ),
    "preview": re.compile(r"previews?|thumbnails?|thumbs"),
}
NAMES = {
    "grid": re.compile(r"grid|(xyz?_)?grid[-_]\d.*"),
    "mask": re.compile(r"mask|mask[-_]?\d+"),
    "preview": re.compile(r"comfyui_temp_.*|.+\.(preview|thumb|thumbnail)|preview|thumbnail"),
}
BESIDE = {
    "mask": re.compile(r"(.+)[-_.]mask"),
    "control input": re.compile(
        r"(.+)[-_.](control|controlnet|openpose|pose|depth|canny|lineart|softedge|scribble|normal|seg)"
    ),
    "preview": re.compile(r"(.+)[-_](preview|thumb|thumbnail)"),
}
"""Suffixes that count only beside a picture of the same name without them."""


@dataclass(slots=True)
class Selection:
    """The files of one folder, sorted out; `skipped` maps a kind to the paths left out."""

    images: list[Entry] = field(default_factory=list)
    sidecars: dict[str, Entry] = field(default_factory=dict)
    tables: list[Entry] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)
    """Images that are there but not in `images`."""

    def skip(self, kind: str, path: str) -> None:
        """Note that `path` is left out, and why."""
        self.skipped.setdefault(kind, []).append(path)

    def forget(self) -> None:
        """Let go of the files, which are many, once they are read; what was skipped stays."""
        self.images, self.sidecars, self.unjudged = [], {}, []


def split_suffix(path: str) -> tuple[str, str]:
    """(path without suffix, suffix in lower case with its dot)."""
    dot = path.rfind(".")
    if dot <= path.rfind("/") + 1:
        return path, ""
    return path[:dot], path[dot:].lower()


def is_image(path: str) -> bool:
    """Whether the file is called like an image."""
    return split_suffix(path)[1] in IMAGE_SUFFIXES


@lru_cache(maxsize=4096)
def _folder_kind(folder: str) -> str:
    parts = folder.lower().split("/")
    for kind, pattern in FOLDERS.items():
        if any(pattern.fullmatch(part) for part in parts):
            return kind
    return ""


def skipped_kind(path: str, stems: frozenset[str] | set[str] = frozenset()) -> str:
    """Why an image is not judged by default ("grid", "mask" ...), or "" when it is.

    `stems` holds the paths without suffix of all images of the folder.
    """
    folder, _, name = path.rpartition("/")
    if folder and (kind := _folder_kind(folder)):
        return kind
    if name.startswith("."):
        return "hidden file"
    whole = split_suffix(path)[0]
    stem = whole[len(path) - len(name) :].lower()
    for kind, pattern in NAMES.items():
        if pattern.fullmatch(stem):
            return kind
    for kind, pattern in BESIDE.items():
        beside = pattern.fullmatch(whole)
        if beside and beside[1] in stems:
            return kind
    return ""


def _globs(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern for several globs; a glob without `/` is tried on the file name alone too."""
    parts = []
    for glob in patterns:
        glob = glob.replace("\\", "/").removeprefix("./")
        glob = glob + "*" if glob.endswith("/") else glob
        parts.append(translate(glob) if "/" in glob else f"(?s:.*/)?{translate(glob)}")
    return re.compile("|".join(f"(?:{part})" for part in parts)) if parts else None


def select(
    entries: Iterable[Entry],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
) -> Selection:
    """Sort the files of a folder out.

    `include` and `exclude` are globs on the path relative to the folder (`*` also crosses `/`).
    What `include` names is judged even where it looks like a grid, mask ...; `limit` keeps the
    first images by path, and the rest is counted as skipped.
    """
    wanted, unwanted = _globs(include), _globs(exclude)
    found = Selection()
    candidates: list[Entry] = []
    stems: set[str] = set()
    for entry in entries:
        path = entry.path
        stem, suffix = split_suffix(path)
        if suffix in IMAGE_SUFFIXES:
            candidates.append(entry)
            stems.add(stem)
        elif path[path.rfind("/") + 1 :] in TABLE_NAMES:
            found.tables.append(entry)
        elif suffix in SIDECAR_SUFFIXES:
            found.sidecars[path] = entry
        elif suffix in UNREAD_SUFFIXES:
            found.skip(f"{suffix[1:].upper()} (not read)", path)
        else:
            found.skip("not an image", path)
    candidates.sort()
    for entry in candidates:
        path = entry.path
        if unwanted and unwanted.fullmatch(path):
            found.skip("excluded", path)
        elif wanted and not wanted.fullmatch(path):
            found.skip("not included", path)
        elif not wanted and (kind := skipped_kind(path, stems)):
            found.skip(kind, path)
        elif limit is not None and len(found.images) >= limit:
            found.skip("over the limit", path)
        else:
            found.images.append(entry)
    judged = {entry.path for entry in found.images}
    found.unjudged = [entry.path for entry in candidates if entry.path not in judged]
    return found


def narrow(
    found: Selection,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
) -> None:
    """Leave out of images that were named one by one what the globs and the limit leave out."""
    wanted, unwanted = _globs(include), _globs(exclude)
    named, found.images = found.images, []
    for entry in named:
        if unwanted and unwanted.fullmatch(entry.path):
            found.skip("excluded", entry.path)
        elif wanted and not wanted.fullmatch(entry.path):
            found.skip("not included", entry.path)
        elif limit is not None and len(found.images) >= limit:
            found.skip("over the limit", entry.path)
        else:
            found.images.append(entry)
            continue
        found.unjudged.append(entry.path)
