"""Which device the scorers run on."""

from glob import glob

from iqmetrics.errors import BadInput

CHOICES = ("auto", "cpu", "cuda")


def choose(device: str) -> str:
    """Answer "cpu" or "cuda"; "auto" takes the GPU when torch can use one.

    torch is imported only when a GPU may be there.

    Raises:
        BadInput: "cuda" was asked for and cannot be used, or the name is unknown.
    """
    if device not in CHOICES:
        raise BadInput(f"unknown device {device!r}", f"Choose one of: {', '.join(CHOICES)}")
    if not likely(device):
        return "cpu"
    usable = _cuda_works()
    if device == "cuda" and not usable:
        raise BadInput(
            "torch finds no CUDA device here", "Use --device cpu, or see: iqm doctor --deep"
        )
    return "cuda" if usable else "cpu"


def likely(device: str) -> bool:
    """Whether it may be "cuda", as far as can be told without importing torch."""
    return device == "cuda" or (device == "auto" and bool(glob("/dev/nvidia[0-9]*")))


def _cuda_works() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())
