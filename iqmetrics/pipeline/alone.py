"""One run at a time in a folder: two would do, or pay, everything twice and lose rows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iqmetrics.errors import BadInput


@contextmanager
def alone(folder: Path, command: str) -> Iterator[None]:
    """Hold the folder for one `iqm COMMAND`; a run that ends or is killed leaves no lock.

    Where the system or the disk knows no locks (Windows, some network disks) nobody is kept out.

    Raises:
        BadInput: another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / f".iqm-{command}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(
                f"another iqm {command} is at work in {folder}",
                "Wait for it, or choose another folder: --out DIR",
            ) from error
        except OSError:
            pass  # no locks here
        if os.fstat(file.fileno()).st_nlink == 0:
            raise BadInput(f"another iqm {command} has just left {folder}", "Run it again")
        try:
            yield
        finally:
            os.unlink(file.name)
