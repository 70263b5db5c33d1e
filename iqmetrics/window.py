"""Memory that a decoding process and its parent both see; pixels go through it, picture by picture.

It has no name: it is gone when the last process that holds it is gone. It stays mapped on both
sides, for the kernel takes longer to give and take back memory than a picture takes to be copied.
"""

import mmap
import os
import tempfile
from typing import TYPE_CHECKING

from iqmetrics.decode import empty

if TYPE_CHECKING:
    from iqmetrics.decode import Pixels, Room

KEPT = 64 << 20
"""Bytes; memory for a larger picture is let go of after it."""


class Window:
    """The side that writes: memory for one picture at a time."""

    def __init__(self) -> None:
        self.file = -1
        self.shape = (0, 0)
        self._memory: mmap.mmap | None = None
        self._told = False

    def __call__(self, height: int, width: int) -> "Pixels":
        """Memory for a picture of this size; the one before must not be needed any more."""
        import numpy as np

        size = height * width * 3
        if self._memory is None or len(self._memory) < size:
            self.close()
            self.file = _nameless()
            os.ftruncate(self.file, size)
            self._memory = mmap.mmap(self.file, size)
        self.shape = (height, width)
        return np.frombuffer(self._memory, np.uint8, size).reshape(height, width, 3)

    def news(self) -> int:
        """The memory's descriptor where the other side has not got it yet, else -1."""
        told, self._told = self._told, True
        return -1 if told else self.file

    def rest(self) -> None:
        """The picture was taken over: memory that is too large to keep is let go of."""
        if self._memory is not None and len(self._memory) > KEPT:
            self.close()

    def close(self) -> None:
        """Let go of the memory in this process (numpy drops its view by itself)."""
        if self.file >= 0:
            os.close(self.file)
        self.file, self._memory, self._told = -1, None, False


class Pane:
    """The side that reads.

    Args:
        room: asked for the memory of a copy, by height and width.
    """

    def __init__(self, room: "Room" = empty) -> None:
        self._room = room
        self._memory: mmap.mmap | None = None

    def copy(self, file: int | None, shape: tuple[int, int]) -> "Pixels":
        """A copy of the picture that lies there now.

        Args:
            file: descriptor of new memory, None where it is that of the picture before.
            shape: height and width.

        Raises:
            ValueError: there is no memory, or not that much of it.
        """
        import numpy as np

        if file is not None:
            self.close()
            self._memory = mmap.mmap(file, 0, prot=mmap.PROT_READ)
        height, width = shape
        size = height * width * 3
        if self._memory is None:
            raise ValueError("no memory was handed over")
        pixels = self._room(height, width)
        np.copyto(pixels, np.frombuffer(self._memory, np.uint8, size).reshape(height, width, 3))
        if len(self._memory) > KEPT:
            self.close()
        return pixels

    def close(self) -> None:
        """Let go of the memory."""
        if self._memory is not None:
            self._memory.close()
        self._memory = None


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("iqm-pixels")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
