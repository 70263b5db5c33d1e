"""Picture: the one way to open an image, decoded once and shared by all scorers."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from iqmetrics.decode import Limits, decode, empty, read_bytes
from iqmetrics.errors import ImageProblem
from iqmetrics.records import ImageRecord
from iqmetrics.remote import is_remote, read

if TYPE_CHECKING:
    from iqmetrics.decode import Pixels, Room

T = TypeVar("T")

DECODE_POLICY = "2"
"""Bump when the same file would give other pixels; part of every cache key."""


@runtime_checkable
class Late(Protocol):
    """Pixels that will be there when they are asked for."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""

    def pixels(self) -> "Pixels":
        """Make them, or wait for them; any thread may ask."""


class Picture:
    """An image record with its pixels: uint8, height x width x 3, sRGB, read-only.

    `width` and `height` are known also while the pixels are still `Late`. `flags` names what
    decoding had to do ("alpha", "animated", "icc", "icc ignored", "exif ignored", "high bit depth",
    "oriented").
    """

    __slots__ = ("_late", "_memo", "_pixels", "copies", "flags", "height", "record", "width")

    def __init__(
        self, record: ImageRecord, pixels: "Pixels | Late", flags: tuple[str, ...] = ()
    ) -> None:
        self.record = record
        self.flags = flags
        self._memo: dict[Hashable, Any] = {}
        self.copies: dict[str, Any] = {}
        """Where else the pixels are, by device: gone with the pixels (see `nets.stacks`)."""
        self._late = pixels if isinstance(pixels, Late) else None
        if not isinstance(pixels, Late):
            self._pixels = _checked(pixels)
        self.height, self.width = int(pixels.shape[0]), int(pixels.shape[1])

    @property
    def pixels(self) -> "Pixels":
        """The pixels; made now, where they were late."""
        if late := self._late:
            self._pixels = _checked(late.pixels())
            self._late = None  # only now: other threads may be asking
        return self._pixels

    @property
    def late(self) -> "Late | None":
        """What the pixels will be made of; None once they are there. May be exchanged."""
        return self._late

    @late.setter
    def late(self, other: "Late") -> None:
        if self._late:
            self._late = other

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels, whether they are there or not."""
        return 3 * self.height * self.width

    def remembered(self) -> "Picture":
        """What was computed `once` of this picture, without its pixels (0 x 0 are left)."""
        light = Picture(self.record, empty(0, 0), self.flags)
        light._memo = self._memo
        return light

    def once(self, key: Hashable, make: Callable[["Picture"], T]) -> T:
        """`make(self)`, computed at most once for this picture; `key` must name net and options."""
        if key not in self._memo:
            self._memo[key] = make(self)
        value: T = self._memo[key]
        return value


def _checked(pixels: "Pixels") -> "Pixels":
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype.name != "uint8":
        raise ValueError(f"pixels must be uint8 HxWx3, got {pixels.dtype} {pixels.shape}")
    pixels.flags.writeable = False
    return pixels


def once_each(
    pictures: Sequence[Picture], key: Hashable, make: Callable[[list[Picture]], Sequence[T]]
) -> list[T]:
    """Like `Picture.once` for a batch: `make` sees only the pictures that lack `key`, together.

    `make` answers one value a picture, in order. This is how a net runs once for all its scorers.
    """
    todo = [p for p in pictures if key not in p._memo]
    if todo:
        for picture, value in zip(todo, make(todo), strict=True):
            picture._memo[key] = value
    return [p._memo[key] for p in pictures]


def by_shape(pictures: Sequence[Picture]) -> dict[tuple[int, int], list[int]]:
    """Positions of the pictures by (height, width): what can be stacked into one array."""
    groups: dict[tuple[int, int], list[int]] = {}
    for position, picture in enumerate(pictures):
        groups.setdefault((picture.height, picture.width), []).append(position)
    return groups


def open_picture(
    record: ImageRecord, limits: Limits | None = None, room: "Room" = empty
) -> Picture:
    """Decode one file by the decode policy, in this process.

    The picture's record carries the sha256 of exactly the bytes that were decoded. Nothing guards
    against a decoder that hangs or crashes here: `workers.decode_all` does.

    Args:
        record: where the file is; a `sha256` that it already has must be that of the file.
        limits: pixels and bytes that are read at most.
        room: asked for the memory that the pixels stay in.

    Raises:
        ImageProblem: with one of the statuses unreadable, unsupported, too_large, truncated.
    """
    limits = limits or Limits()
    load = read if is_remote(record.path) else read_bytes
    data = load(record.path, limits.file_bytes)
    named = with_sha256(record, hashlib.sha256(data).hexdigest())
    try:
        found = decode(data, limits.pixels, room)
    except ImageProblem as problem:
        raise ImageProblem.of_bytes(problem.status, problem.reason) from problem
    return Picture(named, found.pixels, found.flags)


def with_sha256(record: ImageRecord, sha256: str) -> ImageRecord:
    """The record with the hash of the bytes that were read.

    Raises:
        ImageProblem: "unreadable": the record names other bytes, so the file was changed meanwhile
            and its scores would be filed under the wrong picture.
    """
    if record.sha256 == sha256:
        return record
    if record.sha256:
        raise ImageProblem("unreadable", "the file was changed since it was listed; score it again")
    return replace(record, sha256=sha256)
