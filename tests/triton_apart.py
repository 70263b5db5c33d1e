"""A comparison of Triton kernels in a process of its own: interpreted on the CPU, compiled on a GPU.

Whether kernels are interpreted is read once, when Triton is imported.
"""

import os
import subprocess
import sys


def assert_equal(code: str, device: str) -> None:
    """Run `code` with the device as its argument; it prints "equal" where nothing differs."""
    done = subprocess.run(
        [sys.executable, "-c", code, device],
        env={**os.environ, "TRITON_INTERPRET": "0" if device == "cuda" else "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "equal", done.stderr
