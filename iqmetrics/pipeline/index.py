"""A folder, some files, or images in memory -> ImageRecords.

Each file is read once for its sha256 and embedded facts; both are kept in the store for as long as
size, time and inode stay the same, so an unchanged folder is walked but not read.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import file_digest
from typing import Any

from iqmetrics.decode import Limits
from iqmetrics.errors import BadInput, ImageProblem
from iqmetrics.metadata import folder as reading
from iqmetrics.metadata.facts import FORMAT, Facts
from iqmetrics.metadata.selection import Selection, is_image
from iqmetrics.metadata.walk import RESULTS, Entry
from iqmetrics.pipeline import grids
from iqmetrics.pipeline.progress import Progress, track
from iqmetrics.pipeline.settings import Settings
from iqmetrics.pipeline.uncollected import settled, uncollected
from iqmetrics.records import ImageRecord, Missing
from iqmetrics.remote import is_remote, local_copy, looked_up
from iqmetrics.store import FileRow, Store

FLUSH = 256
LIST = ".parquet"
"""A target with this ending is a list of images."""
READERS = 4
"""Threads that read files of this machine; elsewhere each waits for the network."""
REMOTE_READERS = 32
TOGETHER = 16
"""Files of this machine that a thread is given at once: one alone takes less than being given."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a walk found: the folder that paths are relative to, and its files sorted out."""

    root: str
    selection: Selection
    table: str | None = None
    """The Parquet table that named the files, and may tell their prompts."""

    def stat_lines(self, settings: Settings) -> Iterator[str]:
        """One line for every file that the run depends on; equal lines mean nothing changed."""
        selection = self.selection
        for entry in (*selection.images, *selection.sidecars.values(), *selection.tables):
            yield f"{entry.path}\0{entry.size}\0{entry.mtime_ns}\0{entry.inode}"
        for table in (settings.prompts, self.table):
            if table is not None and is_remote(os.fspath(table)):
                folder, _, name = os.fspath(table).rpartition("/")
                yield "\0".join(map(str, looked_up(folder, [name])[0]))
            elif table is not None:
                facts = os.stat(table)
                yield f"{facts.st_size}\0{facts.st_mtime_ns}\0{facts.st_ino}"


@dataclass(frozen=True, slots=True)
class Index:
    """What a folder holds: its images, those that could not be read, and what was left out.

    `skipped` counts by kind what is not scored (grids, masks, ...); `notes` are sentences about
    rows of a prompt file without an image, and the like.
    """

    records: Sequence[ImageRecord]
    problems: Mapping[str, Missing] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


def look(target: Any, store: Store, settings: Settings) -> Listing:
    """Walk a folder, or take a list of files (or a Parquet table of them); no image is opened.

    Raises:
        BadInput: the folder does not exist or holds no image, or this is neither a path nor a list
            of paths.
    """
    if isinstance(target, str | os.PathLike):
        root = os.fspath(target)
        if root.lower().endswith(LIST):
            return Listing(*reading.select_listed(root, limit=settings.limit), table=root)
        if not os.path.isfile(root):
            if not is_remote(root) and not os.path.exists(root):
                raise BadInput(f"{root} does not exist", "Give a folder of images, or image files")
            selection = reading.select_folder(
                root,
                include=settings.include,
                exclude=settings.exclude,
                limit=settings.limit,
                out=store.folder or "",
            )
            _refuse_empty(root, selection)
            return Listing(root, selection)
        target = [target]
    _refuse_other(target)
    return Listing(*reading.select_files(target))


def index(listing: Listing, store: Store, settings: Settings, progress: Progress) -> Index:
    """Read what changed, and put together what is known of each image."""
    found = _read(listing, store, progress)
    with uncollected():
        shown, report = reading.assemble(
            listing.root,
            listing.selection,
            found.facts,
            prompts=settings.prompts or listing.table,
            model_from=settings.model_from,
            sha256=found.sha256,
        )
        problems = found.problems
        del found
        if settings.texts is not None:
            shown = [replace(r, texts=settings.texts) for r in shown]
        unique = without_duplicates(shown)
    skipped = {kind: len(paths) for kind, paths in report.skipped.items()}
    if twins := len(shown) - len(unique):
        skipped["identical file"] = twins
    notes = [*report.problems, *_failed_requests(report.failed_requests)]
    flagged = sum(bool(record.params.get("may_be_grid")) for record in unique)
    if settings.split_grids:
        unique, count = grids.split(unique, settings.workers, progress)
        notes.append(f"{count} grids were taken apart into four pictures each")
    elif flagged:
        notes.append(f"{flagged} files may hold four pictures each: see --split-grids")
    return Index(unique, problems, skipped, notes)


def without_duplicates(records: Sequence[ImageRecord]) -> list[ImageRecord]:
    """Identical files count once per (model, prompt); picks are numbered again without gaps."""
    seen: set[tuple[str, str, str]] = set()
    kept = []
    for record in records:
        place = (record.model, record.prompt_id, record.sha256 or record.image)
        if place not in seen:
            seen.add(place)
            kept.append(record)
    if len(kept) == len(records):
        return kept
    groups: dict[tuple[str, str], list[ImageRecord]] = {}
    for record in kept:
        groups.setdefault((record.model, record.prompt_id), []).append(record)
    picks = {
        record.image: number
        for group in groups.values()
        for number, record in enumerate(sorted(group, key=lambda r: r.pick or 0), 1)
    }
    return [replace(record, pick=picks[record.image]) for record in kept]


def _refuse_other(target: Any) -> None:
    """A picture on its own, a generator, or a list of paths and pictures mixed."""
    if isinstance(target, Sequence):
        kinds = {type(t).__name__ for t in target if not isinstance(t, str | os.PathLike)}
    else:
        kinds = {type(target).__name__}
    if kinds:
        raise BadInput(
            f"cannot score {', '.join(sorted(kinds))} here",
            "Give a folder, a list of paths, or a list of PIL images or uint8 arrays",
        )


def _refuse_empty(root: str, selection: Selection) -> None:
    if selection.images:
        return
    left_out = {kind: len(p) for kind, p in selection.skipped.items() if kind != RESULTS}
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
    raise BadInput(
        f"no images in {root}" + (f" ({found})" if left_out else ""),
        "iqm reads PNG, JPEG, WebP, GIF, BMP, TIFF and AVIF; see --include and --exclude",
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of the files by path: facts of those that tell any, why some cannot be read."""

    sha256: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    problems: dict[str, Missing] = field(default_factory=dict)

    def add(self, path: str, row: FileRow) -> None:
        facts = _facts(row.facts)
        if facts or facts.problem:
            self.facts[path] = facts
        if row.sha256:
            self.sha256[path] = row.sha256


@settled()
def _read(listing: Listing, store: Store, progress: Progress) -> _Found:
    """What is known of each file, read where it is new or changed."""
    left = {entry.path: entry for entry in reading.describing(listing.selection)}
    told = _Found()
    for row in store.files():
        if (entry := left.get(row.path)) and row.stat == entry[1:] and _is_current(row):
            told.add(entry.path, row)
            del left[entry.path]
    changed = list(left.values())
    left.clear()
    fresh: list[FileRow] = []
    for entry, found in track(progress, "reading", len(changed), _read_all(listing.root, changed)):
        if isinstance(found, Missing):
            told.problems[entry.path] = found
            continue
        told.add(entry.path, found)
        fresh.append(found)
        if len(fresh) == FLUSH:
            store.add_files(fresh)
            fresh = []
    store.add_files(fresh)
    return told


def _read_all(root: str, entries: Iterable[Entry]) -> Iterator[tuple[Entry, FileRow | Missing]]:
    most, each = min(READERS, os.cpu_count() or 1), TOGETHER
    if is_remote(root):
        most, each = REMOTE_READERS, 1

    def read(some: Sequence[Entry]) -> list[tuple[Entry, FileRow | Missing]]:
        return [(entry, _read_one(root, entry)) for entry in some]

    with ThreadPoolExecutor(most) as pool:
        for start in range(0, len(todo := list(entries)), FLUSH):
            chunk = todo[start : start + FLUSH]
            parts = [chunk[place : place + each] for place in range(0, len(chunk), each)]
            for found in pool.map(read, parts):
                yield from found


def _read_one(root: str, entry: Entry) -> FileRow | Missing:
    path = os.path.join(root, entry.path)
    digest = ""
    try:
        with local_copy(path, Limits().file_bytes) as here:  # elsewhere: fetched once for both
            if is_image(entry.path):
                with open(here, "rb") as file:
                    digest = file_digest(file, "sha256").hexdigest()
            facts = reading.read_facts(here)
    except OSError as error:
        return Missing("unreadable", error.strerror or str(error))
    except ImageProblem as problem:
        return Missing(problem.status, problem.reason)
    if here != path:
        facts = replace(facts, problem=facts.problem.replace(here, path))
    return FileRow(entry.path, *entry[1:], digest, f"{FORMAT}:{facts.to_json()}")


def _is_current(row: FileRow) -> bool:
    return row.facts.startswith(f"{FORMAT}:")


@lru_cache(maxsize=4096)
def _facts(text: str) -> Facts:
    """Images of one prompt have equal sidecars, and share what they say."""
    return Facts.from_json(text.partition(":")[2])


def _failed_requests(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    if not rows:
        return []
    return [f"{len(rows)} requested images are missing: the manifest says they failed"]
