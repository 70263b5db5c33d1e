"""Walk an outputs folder: every regular file once, as a stream, however large the folder is."""

import os
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

RESULTS = "results of iqm"
"""What our own output folders are called among what was skipped."""

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
    new, is_regular = tuple.__new__, stat.S_ISREG
    todo = [""]
    while todo:
        prefix = todo.pop()
        try:
            listing = _open_folder(os.path.join(root, prefix), follow=not prefix)
        except OSError as error:
            tell(f"unreadable folder ({error.strerror})", prefix or ".")
            continue
        folders = []
        try:
            with os.scandir(listing) as found:
                for item in found:
                    name = item.name
                    if item.is_dir(follow_symlinks=False):
                        folders.append(name)
                        continue
                    try:
                        told = item.stat(follow_symlinks=False)
                    except OSError as error:
                        tell(f"unreadable ({error.strerror})", prefix + name)
                        continue
                    if is_regular(told.st_mode):
                        facts = (prefix + name, told.st_size, told.st_mtime_ns, told.st_ino)
                        yield new(Entry, facts)
                    else:
                        link = stat.S_ISLNK(told.st_mode)
                        tell("symbolic link" if link else "not a regular file", prefix + name)
        finally:
            os.close(listing)
        for name in sorted(folders, reverse=True):
            path = prefix + name
            if name == OUTPUT_FOLDER or (own and os.path.abspath(os.path.join(root, path)) == own):
                tell(RESULTS, path)
            elif name.startswith("."):
                tell("hidden folder", path)
            else:
                todo.append(path + "/")


def _open_folder(path: str, *, follow: bool) -> int:
    """A descriptor of a folder: what stands in it can then be asked without its whole path."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | (0 if follow else os.O_NOFOLLOW))
