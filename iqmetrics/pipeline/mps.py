"""Several processes on one GPU at the same time, not in turns: NVIDIA's Multi-Process Service.

A service of our own for the length of a run, where the driver's two programs are installed and
nobody runs one already; CUDA_MPS_PIPE_DIRECTORY, set to anything, leaves that to the user.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

CONTROL = "nvidia-cuda-mps-control"
BESIDE_PATH = "/usr/local/nvidia/bin"
PIPES, LOGS = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
USUAL = Path("/tmp/nvidia-mps")
"""Where a service listens that was started by hand: processes find it by themselves."""
SECONDS = 30.0
TRIAL = """
import ctypes
cuda, context = ctypes.CDLL("libcuda.so.1"), ctypes.c_void_p()
raise SystemExit(cuda.cuInit(0) or cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0))
"""


@contextmanager
def together(gpus: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Environment of processes that share GPUs for as long as this lasts; {} where they cannot.

    In it a GPU's number is its place in `gpus`.
    """
    control = which(CONTROL, path=os.pathsep.join((os.environ.get("PATH", ""), BESIDE_PATH)))
    if control is None or PIPES in os.environ or (USUAL / "control").exists():
        yield {}
        return
    with TemporaryDirectory(prefix="iqm-mps-", ignore_cleanup_errors=True) as folder:
        own = {PIPES: folder, LOGS: folder}
        seen = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)}
        try:
            works = _done([control, "-d"], {**own, **seen}) and _done(
                [sys.executable, "-c", TRIAL], {**own, "CUDA_VISIBLE_DEVICES": "0"}
            )
            yield own if works else {}
        finally:
            _done([control], own, "quit\n")


def _done(command: Sequence[str], environment: Mapping[str, str], said: str = "") -> bool:
    """Whether a command ended well, in a session of its own: ^C of the terminal is not for it."""
    with suppress(OSError, subprocess.TimeoutExpired):
        ended = subprocess.run(
            command,
            input=said,
            text=True,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
        return ended.returncode == 0
    return False
