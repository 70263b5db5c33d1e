"""A process that imports once what scorers need, and makes scoring processes of itself.

Packages around nets take some ten seconds of a core to import; several processes that start at the
same time would all take them. A copy of a process (fork) has them at once. A GPU's driver must not
be in use before: copies could not use it. Where an import did that, each process starts afresh.
"""

import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from json import dumps, loads
from multiprocessing.connection import Connection, Pipe

UNUSED = 3
"""CUDA_ERROR_NOT_INITIALIZED: what the driver answers before anybody has used it."""
MOST = 200
"""Processes at most: a message carries up to 253 file descriptors (Linux, SCM_MAX_FD)."""
PATIENCE = 60.0
"""Seconds in which scoring processes that were told to stop may finish the batches they are at."""
NO_DRIVER = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
"""Environment in which torch looks for GPUs without their driver."""

CODE = """
import importlib, json, sys
path, module, *told = json.loads(sys.argv[1])
sys.path[:] = path
importlib.import_module(module).main(*told)
"""


class Nursery:
    """The process, importing; close it in any case.

    Args:
        modules: what to import; those that are not here, or fail, are left to whoever needs them.
        environment: variables that it and all scoring processes have.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._link, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)  # whole messages
        with theirs:
            self.process = subprocess.Popen(
                _command(__name__, theirs.fileno(), modules),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, **NO_DRIVER, **environment},
            )

    def born(self, environments: Sequence[Mapping[str, str]]) -> list[Connection]:
        """Connections to as many scoring processes, each with variables of its own; once.

        A connection ends when its process does.
        """
        if len(environments) > MOST:
            raise ValueError(f"{len(environments)} processes, at most {MOST}")
        pairs = [Pipe() for _ in environments]
        told = dumps([dict(e) for e in environments]).encode()
        with self._link, suppress(OSError):  # it has ended: so have the connections
            socket.send_fds(self._link, [told], [theirs.fileno() for _, theirs in pairs])
        for _, theirs in pairs:
            theirs.close()
        return [ours for ours, _ in pairs]

    def close(self, patience: float = PATIENCE) -> None:
        """Wait for it and its processes, whose connections are closed; then end what is left.

        Args:
            patience: seconds in which a process may finish what it is at.
        """
        self._link.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main(handle: int, modules: Sequence[str]) -> None:
    """Be the process: import, wait to be told how many are wanted, wait until they have ended.

    Args:
        handle: file descriptor of the socket that tells.
        modules: names.
    """
    from iqmetrics.pipeline import shard_process

    for module in modules:
        with suppress(Exception):  # whoever needs it tells why it cannot be had
            import_module(module)
    with socket.socket(fileno=handle) as link:
        told, handles, _, _ = socket.recv_fds(link, 1 << 20, MOST)
    copied = not _driver_used()
    gc.freeze()  # a search for cycles would write to memory that is shared until then
    for own, environment in zip(handles, loads(told or b"[]"), strict=True):
        if os.fork():
            continue
        for other in handles:
            if other != own:
                os.close(other)
        os.environ.update(environment)
        if copied:
            shard_process.main(own)
            return
        os.set_inheritable(own, True)
        os.execv(sys.executable, _command(shard_process.__name__, own))
    for own in handles:
        os.close(own)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _command(module: str, *told: object) -> list[str]:
    """Runs `main` of a module in a process that finds modules where this one does."""
    return [sys.executable, "-P", "-c", CODE, dumps([sys.path, module, *told])]


def _driver_used() -> bool:
    """Whether an import has used a GPU's driver already."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return bool(driver.cuCtxGetCurrent(ctypes.byref(ctypes.c_void_p())) != UNUSED)
