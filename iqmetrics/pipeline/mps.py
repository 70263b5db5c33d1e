"""Several processes on one GPU at the same time, not in turns: NVIDIA's Multi-Process Service.

A service of our own for the length of a run, and no longer if that is killed, where the driver's
two programs are installed and nobody runs one already; CUDA_MPS_PIPE_DIRECTORY, set to anything,
leaves that to the user.
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
SECONDS = 30
WATCHER = f"""
timeout {SECONDS} "$0" -d < /dev/null > /dev/null 2>&1
echo $?
cat > /dev/null
echo quit | timeout {SECONDS} "$0" > /dev/null 2>&1
rm -rf "$1"
"""
"""Starts the service, says how that went, and ends it once nobody holds the other end of its stdin:
the system closes that for a process that was killed, too."""
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
        with _service(control, {**own, "CUDA_VISIBLE_DEVICES": ",".join(gpus)}, folder) as started:
            works = started and _tried({**own, "CUDA_VISIBLE_DEVICES": "0"})
            yield own if works else {}


@contextmanager
def _service(control: str, environment: Mapping[str, str], folder: str) -> Iterator[bool]:
    """A service that ends with this, or with our process, however that ends; whether it started.

    In a session of its own: ^C of the terminal is not for it.
    """
    try:
        watcher = subprocess.Popen(
            ["sh", "-c", WATCHER, control, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError:
        yield False
        return
    assert watcher.stdin and watcher.stdout
    with watcher.stdout:
        try:
            yield watcher.stdout.readline() == b"0\n"
        finally:
            watcher.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                watcher.wait(2 * SECONDS)


def _tried(environment: Mapping[str, str]) -> bool:
    """Whether a process can use a GPU there."""
    with suppress(OSError, subprocess.TimeoutExpired):
        ended = subprocess.run(
            [sys.executable, "-c", TRIAL],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
        return ended.returncode == 0
    return False
