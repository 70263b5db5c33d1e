"""Read an outputs folder: walk, select, read facts (a caller may cache), match tables, combine."""

import os
import posixpath
import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from iqmetrics.errors import BadInput, ImageProblem
from iqmetrics.metadata.assemble import FolderReport, combine
from iqmetrics.metadata.embedded import read_embedded
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.layouts import read_layout
from iqmetrics.metadata.match import match_rows
from iqmetrics.metadata.models import ModelFrom
from iqmetrics.metadata.selection import Selection, is_image, select
from iqmetrics.metadata.sidecars import read_sidecar, sidecar_names
from iqmetrics.metadata.tables import MAX_BYTES, Row, described, read_table
from iqmetrics.metadata.walk import Entry, walk
from iqmetrics.records import EMPTY, ImageRecord
from iqmetrics.remote import common_root, files, is_remote, local_copy, looked_up


def read_facts(path: str) -> Facts:
    """The facts in one image or sidecar; a file that cannot be read gives facts with `problem`."""
    try:
        with local_copy(path, MAX_BYTES) as here:
            return read_embedded(here) if is_image(here) else read_sidecar(here)
    except BadInput as error:
        return Facts(problem=error.message)
    except ImageProblem as error:
        return Facts(problem=error.reason)


def sidecar_of(image: str, selection: Selection) -> Entry | None:
    """The sidecar that describes `image`, if there is one."""
    if not selection.sidecars:
        return None
    named = map(selection.sidecars.get, sidecar_names(image))
    return next(filter(None, named), None)


def describing(selection: Selection) -> list[Entry]:
    """Every file whose facts `assemble` needs (images and their sidecars): what a caller caches."""
    beside = (sidecar_of(entry.path, selection) for entry in selection.images)
    sidecars = {entry.path: entry for entry in beside if entry}
    return [*selection.images, *sidecars.values()]


def assemble(
    folder: str,
    selection: Selection,
    facts: Mapping[str, Facts],
    *,
    prompts: str | os.PathLike[str] | None = None,
    model_from: ModelFrom | None = None,
    sha256: Mapping[str, str] = EMPTY,
) -> tuple[list[ImageRecord], FolderReport]:
    """Records of all selected images, in walking order, and what else was found.

    `facts` maps the relative path of each file of `describing(selection)` to its `read_facts`; one
    that says nothing may be left out. `sha256` maps images to the hash of their file.
    """
    images = [entry.path for entry in selection.images]
    report = FolderReport(images=len(images), skipped=selection.skipped)
    layers = _of_files(images, selection, facts, report)
    layout = read_layout(images)
    for image, found in layout.items():
        layers[image].append(found)
    own = {
        image: next((one.prompt for one in found if one.prompt), "")
        for image, found in layers.items()
    }
    for table in [*_tables(folder, selection, own, report)]:
        for image, one in table.items():
            layers[image].insert(0, one)
    if prompts is not None:
        name = os.path.basename(os.fspath(prompts))
        with local_copy(os.fspath(prompts), MAX_BYTES) as here:
            rows = described(read_table(here, name), name)
        if not rows:
            raise BadInput(
                f"{name} holds no row",
                "Its first line names the columns (file_name,prompt), each further one an image",
            )
        by_hand, wrong = match_rows(images, rows, name, own, selection.unjudged)
        report.problems += wrong
        for image, one in by_hand.items():
            layers[image].insert(0, one)
    records = combine(folder, layers, model_from=model_from, sha256=sha256)
    for record in records:
        if record.prompt is None or not record.prompt.strip():
            report.without_prompt.append(record.image)
        elif record.sources["prompt"].confidence == "low":
            report.low_confidence.append(record.image)
    return records, report


def _of_files(
    images: Sequence[str], selection: Selection, facts: Mapping[str, Facts], report: FolderReport
) -> dict[str, list[Facts]]:
    """What the sidecar and then the image itself say, by image; their problems are reported."""
    layers: dict[str, list[Facts]] = {}
    for image in images:
        sidecar = sidecar_of(image, selection)
        paths = [sidecar.path, image] if sidecar else [image]
        found = [(path, one) for path in paths if (one := facts.get(path)) is not None]
        layers[image] = [one for _, one in found if one]
        report.problems += [f"{path}: {one.problem}" for path, one in found if one.problem]
    return layers


def _tables(
    folder: str, selection: Selection, prompts: Mapping[str, str], report: FolderReport
) -> Iterator[dict[str, Facts]]:
    """Facts of each of the folder's own tables, by image; deeper tables come later: stronger."""
    judged, unjudged = sorted(prompts), sorted(selection.unjudged)
    for entry in sorted(selection.tables, key=lambda e: (e.path.count("/"), e.path)):
        try:
            with local_copy(os.path.join(folder, entry.path), MAX_BYTES) as here:
                rows = described(read_table(here, entry.path), entry.path)
        except BadInput as error:
            report.problems.append(error.message)
            continue
        except ImageProblem as error:
            report.problems.append(f"{entry.path}: {error.reason}")
            continue
        base = posixpath.dirname(entry.path)
        inside = {image: prompts[image] for image in _under(base, judged)}
        report.failed_requests += [
            (row.facts.model, row.facts.prompt_id, row.failed) for row in rows if row.failed
        ]
        made = [_below(row, base) for row in rows if not row.failed]
        matched, wrong = match_rows(list(inside), made, entry.path, inside, _under(base, unjudged))
        report.problems += wrong
        yield matched


def _under(base: str, paths: Sequence[str]) -> Sequence[str]:
    """Those of sorted `paths` that lie in folder `base`."""
    if not base:
        return paths
    return paths[bisect_left(paths, f"{base}/") : bisect_left(paths, f"{base}0")]


def _below(row: Row, base: str) -> Row:
    """A row whose file is written relative to its table's folder."""
    if not base or not row.file or posixpath.isabs(row.file):
        return row
    return Row(posixpath.normpath(posixpath.join(base, row.file)), row.facts, row.number)


def read_folder(
    folder: str | os.PathLike[str],
    *,
    prompts: str | os.PathLike[str] | None = None,
    model_from: ModelFrom | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    out: str | os.PathLike[str] = "",
) -> tuple[list[ImageRecord], FolderReport]:
    """Everything at once, without a cache: the records of a folder and what else was found.

    Example:
        >>> import tempfile
        >>> records, report = read_folder(tempfile.mkdtemp())
        >>> len(records), report.images
        (0, 0)
    """
    root = os.fspath(folder)
    selection = select_folder(root, include=include, exclude=exclude, limit=limit, out=out)
    facts = {e.path: read_facts(os.path.join(root, e.path)) for e in describing(selection)}
    return assemble(root, selection, facts, prompts=prompts, model_from=model_from)


def select_folder(
    folder: str,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    out: str | os.PathLike[str] = "",
) -> Selection:
    """Walk `folder` and sort its files out; what was not walked is in `skipped` too."""
    if is_remote(folder):
        there = map(Entry._make, files(folder))
        return select(there, include=include, exclude=exclude, limit=limit)
    if not os.path.isdir(folder):
        raise BadInput(f"{folder} is not a folder", "Give a folder of images, or image files.")
    notices: list[tuple[str, str]] = []
    entries = walk(folder, out=out, notice=lambda why, path: notices.append((why, path)))
    selection = select(entries, include=include, exclude=exclude, limit=limit)
    for why, path in notices:
        selection.skip(why, path)
    return selection


def select_listed(table: str, *, limit: int | None = None) -> tuple[str, Selection]:
    """The images that the rows of a table name, as (common parent folder, selection).

    Raises:
        BadInput: the table names no image, or one that is not there.
    """
    with local_copy(table, MAX_BYTES) as here:
        rows = read_table(here, os.path.basename(table))
    named = list(dict.fromkeys(row.file for row in rows if row.file and not row.failed))[:limit]
    if not named:
        raise BadInput(f"{table} names no image", "It needs a column `image` with paths or URLs")
    if not is_remote(table):
        base = os.path.dirname(os.path.abspath(table))
        named = [n if is_remote(n) else os.path.join(base, n) for n in named]
    elif not any(map(is_remote, named)):
        named = [posixpath.join(posixpath.dirname(table), name) for name in named]
    return select_files(named)


def select_files(given: Iterable[str | os.PathLike[str]]) -> tuple[str, Selection]:
    """A list of image files as (common parent folder, selection): nothing is left out.

    Sidecars and tables beside the files count as they do in a folder, except for URLs.
    """
    names = [os.fspath(file) for file in given]
    if not names:
        raise BadInput("no files given", "Give a folder of images, or image files.")
    if any(map(is_remote, names)):
        root = common_root(names)
        inside = [name[len(root) + 1 :] for name in dict.fromkeys(names)]
        return root, Selection([Entry._make(found) for found in looked_up(root, inside)])
    paths = [os.path.abspath(name) for name in names]
    base = os.path.commonpath([os.path.dirname(path) for path in paths])
    selection = Selection()
    for path in dict.fromkeys(paths):
        try:
            facts = os.stat(path)
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        if stat.S_ISDIR(facts.st_mode):
            raise BadInput(
                f"{path} is a folder, and something else was given beside it",
                "Give folders only (each is told apart as a model), or image files only.",
            )
        if not stat.S_ISREG(facts.st_mode):
            raise BadInput(f"{path} is not a regular file", "Give a folder, or image files.")
        relative = os.path.relpath(path, base)
        selection.images.append(Entry(relative, facts.st_size, facts.st_mtime_ns, facts.st_ino))
    beside = select(
        entry
        for parent in {os.path.dirname(path) for path in paths}
        for entry in _files_in(parent, base)
    )
    selection.sidecars, selection.tables = beside.sidecars, beside.tables
    asked = {entry.path for entry in selection.images}
    there = [*(entry.path for entry in beside.images), *beside.unjudged]
    selection.unjudged = [path for path in there if path not in asked]
    return base, selection


def _files_in(parent: str, base: str) -> Iterable[Entry]:
    prefix = os.path.relpath(parent, base)
    prefix = "" if prefix == "." else prefix + "/"
    with os.scandir(parent) as found:
        for item in found:
            if item.is_file(follow_symlinks=False):
                facts = item.stat(follow_symlinks=False)
                yield Entry(prefix + item.name, facts.st_size, facts.st_mtime_ns, facts.st_ino)
