"""Walk an outputs folder: every regular file once, as a stream, however large the folder is."""

import os
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

OUTPUT_FOLDER = "iqm"
"""Where `iqm score` writes; never walked as input."""

Notice = Callable[[str, str], None]
"""Called with (why, relative path) for whatever is not walked."""


class Entry(NamedTuple):
    """One regular file: path relative to the folder (with `/`), bytes, mtime in ns, inode."""

    path: str
    size: int
    mtime_ns: int
    inode: int


def walk(
    folder: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] = "",
    notice: Notice | None = None,
) -> Iterator[Entry]:
    """Every regular file under `folder`, folder by folder, in no order within one.

    Symbolic links are not followed, FIFOs, sockets and devices never opened, hidden folders,
    folders named `iqm` and `out` not entered; each is told to `notice`. Names that are not UTF-8
    come with surrogate escapes. A file that vanishes in between is told too.
    """
    tell = notice or (lambda why, path: None)
    root = os.fspath(folder)
    own = os.path.abspath(out) if out else ""
    todo = [""]
    while todo:
        prefix = todo.pop()
        here = os.path.join(root, prefix) if prefix else root
        try:
            listing = os.open(here, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW if prefix else 0)
        except OSError as error:
            tell(f"unreadable folder ({error.strerror})", prefix or ".")
            continue
        try:
            folders: list[str] = []
            yield from _files_of(listing, prefix, folders, tell)
        finally:
            os.close(listing)
        folders.sort(reverse=True)
        for name in folders:
            path = prefix + name
            if name == OUTPUT_FOLDER or (own and os.path.abspath(os.path.join(root, path)) == own):
                tell("results of iqm", path)
            elif name.startswith("."):
                tell("hidden folder", path)
            else:
                todo.append(path + "/")


def _files_of(listing: int, prefix: str, folders: list[str], tell: Notice) -> Iterator[Entry]:
    """The regular files of one open folder; its sub-folders are put into `folders`."""
    make = Entry._make
    is_regular, is_link, is_folder = stat.S_ISREG, stat.S_ISLNK, stat.S_ISDIR
    with os.scandir(listing) as found:
        for item in found:
            try:
                if item.is_dir(follow_symlinks=False):
                    folders.append(item.name)
                    continue
                facts = item.stat(follow_symlinks=False)
            except OSError as error:
                tell(f"unreadable ({error.strerror})", prefix + item.name)
                continue
            mode = facts.st_mode
            if is_regular(mode):
                yield make((prefix + item.name, facts.st_size, facts.st_mtime_ns, facts.st_ino))
            elif is_link(mode):
                tell("symbolic link", prefix + item.name)
            elif not is_folder(mode):
                tell("not a regular file", prefix + item.name)
