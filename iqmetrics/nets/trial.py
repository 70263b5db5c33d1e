"""Whether faster code may be used on a device: it is tried on something small first."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


def works(near: Callable[[], bool], without: str) -> bool:
    """Whether faster code is here and answers right.

    Args:
        near: tries it; an ImportError (no Triton on this system) is no fault.
        without: what a warning says becomes of the rest, before the reason.
    """
    try:
        right, why = near(), "they answer otherwise"
    except ImportError:
        return False
    except Exception as error:  # whatever a compiler says of a GPU that it does not know
        right, why = False, str(error)[:300]
    if not right:
        log.warning("%s: %s", without, why)
    return right
