"""One run at a time in a folder: what two would both rewrite is lost, and images are paid twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iqmetrics.errors import BadInput

NAME = ".iqm-generate.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder; the system lets go of it when the process ends, however it does.

    Where the system or the disk knows no locks (Windows, some network disks) nobody is kept out.

    Raises:
        BadInput: another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(
                f"another iqm generate is at work in {folder}",
                "Wait for it, or choose another folder: --out DIR",
            ) from error
        except OSError:
            pass  # no locks here
        if os.fstat(file.fileno()).st_nlink == 0:
            raise BadInput(f"another iqm generate has just left {folder}", "Run it again")
        try:
            yield
        finally:
            os.unlink(file.name)
