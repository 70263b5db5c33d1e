"""Weight files into memory: safetensors first, a pickle only when it cannot be a trap."""

from pathlib import Path
from typing import Any

from iqmetrics.errors import BadInput
from iqmetrics.weights.ledger import entry
from iqmetrics.weights.search import check

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".pkl")
SAFE_TORCH = (2, 10)
"""Older versions of torch.load run code of the file even with weights_only."""


def admit(name: str, path: Path) -> None:
    """Refuse a file that may run code: an unpinned pickle, or any pickle under an old torch.

    Raises:
        BadInput: with the reason.
    """
    if path.suffix not in PICKLES:
        return
    import torch

    weight = entry(name)
    found = check(weight, path)
    if found.state != "verified" or not weight.sha256:
        raise BadInput(
            f"{path.name} is a pickle and its sha256 is not known to the ledger",
            "Convert it to safetensors on a machine that may run it",
        )
    major, minor = (int(part) for part in torch.__version__.split(".")[:2])
    if (major, minor) < SAFE_TORCH:
        raise BadInput(
            f"torch {torch.__version__} loads pickles unsafely", "pip install 'torch>=2.10'"
        )


def load_state(name: str, path: Path) -> dict[str, Any]:
    """The tensors of a weight file; a pickle is opened with `weights_only`, once admitted."""
    admit(name, path)
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return dict(load_file(path))
    import torch

    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
