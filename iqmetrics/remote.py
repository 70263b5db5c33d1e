"""Files that lie elsewhere (s3://, gs://, memory:// ...), by fsspec, imported when it is needed.

A file is copied to this machine for as long as it is read, so that everything which opens images
(and its limits) stays as it is. Credentials and end points are those of the file system's own
environment variables (`AWS_PROFILE`, `AWS_ENDPOINT_URL` ...).
"""

import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, NamedTuple

from iqmetrics.errors import BadInput, ImageProblem, Unavailable
from iqmetrics.links import led

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
LOOKS = 32
"""Single files that are looked up at a time."""


class Found(NamedTuple):
    """A file: path below the folder, bytes, time of change in ns, and a number of its version."""

    path: str
    size: int
    mtime_ns: int
    version: int


def is_remote(path: str) -> bool:
    """Whether a path is a URL.

    Example:
        >>> is_remote("s3://bucket/images"), is_remote("C:/images"), is_remote("images/a.png")
        (True, False, False)
    """
    return SCHEME.match(path) is not None


def files(url: str) -> list[Found]:
    """Every file below a folder.

    Raises:
        BadInput: there is no such folder, or it cannot be listed.
        Unavailable: a package for this kind of URL is missing.
    """
    system, root = _system(url)
    root = root.rstrip("/")
    try:
        found = system.find(root, detail=True)
    except Exception as error:  # every file system has its own
        raise BadInput(f"{url} cannot be listed: {error}", "Are credentials set?") from error
    if not found:
        raise BadInput(f"{url} holds no file, or does not exist", "Give a folder of images")
    return [_found(path[len(root) :].lstrip("/"), info) for path, info in found.items()]


def looked_up(root: str, paths: Sequence[str]) -> list[Found]:
    """Some files below a folder, each asked for on its own.

    Raises:
        BadInput: one of them is not there.
    """
    system, base = _system(root)

    def one(path: str) -> Found:
        try:
            return _found(path, system.info(posixpath.join(base, path)))
        except Exception as error:
            raise BadInput(f"{root}/{path} cannot be read: {error}") from error

    with ThreadPoolExecutor(LOOKS) as pool:
        return list(pool.map(one, paths))


@contextmanager
def local_copy(path: str, limit: int) -> Iterator[str]:
    """The path of a file on this machine; a copy of what lies elsewhere ends with the block.

    Raises:
        ImageProblem: "unreadable" or "too_large".
    """
    if not is_remote(path):
        yield path
        return
    data = read(path, limit)
    suffix = posixpath.splitext(path)[1]
    with tempfile.NamedTemporaryFile(prefix="iqm-", suffix=suffix) as file:
        file.write(data)
        file.flush()
        yield file.name


def read(url: str, limit: int) -> bytes:
    """The bytes of one file, at most `limit`.

    Raises:
        ImageProblem: "unreadable" or "too_large".
    """
    try:
        system, path = _system(url)
        data: bytes = system.cat_file(path, start=0, end=limit + 1)
    except Unavailable as error:
        raise ImageProblem("unreadable", f"{error.message}: {error.hint}") from error
    except Exception as error:
        raise ImageProblem("unreadable", f"{type(error).__name__}: {error}"[:300]) from error
    if len(data) > limit:
        raise ImageProblem("too_large", f"more than {limit} bytes in one file")
    return data


@contextmanager
def create(path: str) -> Iterator[IO[bytes]]:
    """A new file, here or elsewhere, with the folders that it needs; it appears when it is whole.

    Raises:
        BadInput: it cannot be written.
    """
    if not is_remote(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        place = os.fspath(led(Path(path)))
        try:
            with open(place + ".new", "wb") as file:
                yield file
            os.replace(place + ".new", place)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(place + ".new")
        return
    system, there = _system(path)
    try:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with system.open(there, "wb") as out:
                shutil.copyfileobj(file, out)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error}") from error


def remove(path: str) -> bool:
    """Remove one file, here or elsewhere; False when there is none."""
    if not is_remote(path):
        there = os.path.exists(path)
        if there:
            os.unlink(path)
        return there
    system, name = _system(path)
    there = bool(system.exists(name))
    if there:
        system.rm_file(name)
    return there


def common_root(urls: Sequence[str]) -> str:
    """The deepest folder that holds all of these files.

    Raises:
        BadInput: they lie in different places.

    Example:
        >>> common_root(["s3://b/x/a.png", "s3://b/x/y/b.png"])
        's3://b/x'
    """
    places = {SCHEME.match(url)[0] if is_remote(url) else "" for url in urls}  # type: ignore[index]
    if len(places) > 1:
        raise BadInput(f"images in several places: {', '.join(sorted(places))}", "One run for each")
    (scheme,) = places
    folders = [posixpath.dirname(url[len(scheme) :]) for url in urls]
    if len({folder.split("/")[0] for folder in folders}) > 1 and scheme:
        raise BadInput("images in several buckets", "Make one run for each")
    return scheme + posixpath.commonpath(folders)


def _system(url: str) -> tuple[Any, str]:
    scheme = url.partition("://")[0]
    try:
        import fsspec

        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise Unavailable.extra(f"{scheme}://", "fsspec with its driver", "remote") from error
    except ValueError as error:
        raise BadInput(f"{url}: {error}", "fsspec opens s3://, gs://, az:// and others") from error
    return system, path


def _found(path: str, info: dict[str, Any]) -> Found:
    changed = next((info[k] for k in ("LastModified", "mtime", "created") if info.get(k)), 0)
    seconds = changed.timestamp() if hasattr(changed, "timestamp") else float(changed)
    tag = str(info.get("ETag") or info.get("etag") or "")
    version = int.from_bytes(blake2b(tag.encode(), digest_size=8).digest()) >> 1
    return Found(path, int(info.get("size") or 0), int(seconds * 1e9), version)
