"""What the embedded nets of faces and hands have in common: how they are opened and read.

On the CPU each has one thread, as scoring threads fill the cores.
"""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import weights
from iqmetrics.errors import Unavailable
from iqmetrics.nets.sessions import Session, open_session

Floats = NDArray[np.float32]


def load_each(
    names: Iterable[str],
    scorer: str,
    device: str,
    here: Callable[[str], Any],
    there: Callable[[str, str], Any],
) -> None:
    """Open nets with `here` for "cpu", else with `there` in torch.

    Raises:
        Unavailable: a runtime or a file is missing.
    """
    for name in names:
        if device == "cpu":
            here(name)
        elif find_spec("torch") is None:
            raise Unavailable.extra(f"{scorer} on a GPU", "torch", "score")
        else:
            there(name, device)


def likely(
    numbers: Floats, logits: Floats, least: float
) -> list[tuple[NDArray[np.intp], Floats, Floats]]:
    """Of a detector's answers (n x anchors x any) those of a logit from `least` on.

    `TorchNet.likely` is the same on a GPU.

    Returns:
        For each row the anchors, in order, their numbers and their logits (k x 1).
    """
    found = []
    for some, sure in zip(numbers, logits, strict=True):
        anchors = np.flatnonzero(sure[:, 0] >= least)
        found.append((anchors, some[anchors], sure[anchors]))
    return found


def cpu_session(
    name: str, scorer: str, runtime: str = "onnxruntime", exact: bool = True, rows: int = 0
) -> Session:
    """A net of the weight ledger, ready to run.

    Args:
        name: its name there.
        scorer: who asks, for the message where the runtime is missing.
        runtime: "onnxruntime" or "openvino".
        exact: see `open_session`.
        rows: see there.

    Raises:
        Unavailable: the runtime or the file is missing.
    """
    return open_session(weights.find(name), scorer, runtime, exact=exact, rows=rows)
