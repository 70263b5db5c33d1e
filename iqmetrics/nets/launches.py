"""Kernels of Triton that several threads use: launched in turn.

Triton makes a kernel ready when it is first launched, and not for threads: another one may launch
it half made. Before Triton 3.7 each kernel also has an extension module for its launches, all of
one name, and Python (import.c, `import_find_extension`) loads such a module a second time by
filling the one of that name that was loaded last: a thread that is about to look into it then
launches its kernel as if it were the other thread's, with an error only where the numbers of
arguments differ.
"""

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

Kernel = TypeVar("Kernel")
_turn = Lock()


def in_turn(kernel: Kernel) -> Kernel:
    """What `triton.jit` made, launched by one thread at a time, and while no other is launched.

    Launching is Python's work, which threads do in turn anyway; what runs on the GPU is not waited
    for.
    """
    run: Callable[..., Any] = kernel.run  # type: ignore[attr-defined]

    @wraps(run)
    def alone(*args: Any, **options: Any) -> Any:
        with _turn:
            return run(*args, **options)

    kernel.run = alone  # type: ignore[attr-defined]
    return kernel
