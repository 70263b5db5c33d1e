"""Pixel loops as machine code: plain Python over arrays, compiled by numba on first use."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from iqmetrics.errors import Unavailable

Kernel = Callable[..., Any]

RELAXED: Final = {"reassoc", "contract", "nsz"}
"""Freedom to reorder additions (vector units); NaN and infinity keep their meaning."""


def machine_code(
    kernel: Kernel, who: str, strict: bool = False, helpers: Sequence[Kernel] = ()
) -> Kernel:
    """A function as machine code without Python's lock, which is kept on disk for later processes.

    It is kept beside the package, else (read-only installation) in the user's cache folder, or
    where NUMBA_CACHE_DIR says; only where none can be written does each process compile anew.

    Args:
        kernel: a function over arrays and numbers.
        who: what needs it, for the message where numba is missing.
        strict: no reordering and no fused operations: rounded exactly as written.
        helpers: functions that it calls, compiled into it.

    Raises:
        Unavailable: numba is not installed.
    """
    njit = numba_for(who, tuple(helpers))
    settings = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": False if strict else RELAXED,
    }
    try:
        made: Kernel = njit(cache=True, **settings)(kernel)
    except RuntimeError:
        made = njit(**settings)(kernel)
    return made


@cache
def numba_for(who: str, helpers: tuple[Kernel, ...] = ()) -> Kernel:
    """Numba's compiler, which knows the helpers; `Unavailable` where numba is missing."""
    try:
        from numba import njit
        from numba.extending import register_jitable
    except ImportError as error:
        raise Unavailable.extra(who, "numba", "score") from error
    for helper in helpers:
        register_jitable(fastmath=RELAXED, error_model="numpy")(helper)
    found: Kernel = njit
    return found
