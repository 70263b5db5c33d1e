"""Puts the reader together: networks, alphabet, runtime."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from iqmetrics.errors import Unavailable
from iqmetrics.nets.sessions import quicker
from iqmetrics.nets.text.runtime import Runtime, alphabet, open_net

if TYPE_CHECKING:
    from iqmetrics.nets.text.reading import Reader


def settled(runtime: str, device: str) -> str:
    """The runtime that "auto" means here: torch on a GPU, OpenVINO where it is installed."""
    if device == "cuda":
        return "torch"
    if runtime != "auto":
        return runtime
    return quicker()


def open_reader(runtime: str = "auto", device: str = "cpu") -> "Reader":
    """A ready `Reader`; each network is opened once a process.

    Raises:
        Unavailable: one of rapidocr, onnxruntime, opencv or rapidfuzz is not installed.
    """
    for package in ("rapidocr", "onnxruntime", "cv2", "rapidfuzz", "scipy"):
        if find_spec(package) is None:
            raise Unavailable.extra("reading text", package, "score")
    from iqmetrics.nets.text.reading import Reader

    chosen = Runtime(settled(runtime, device), device)
    detector, recogniser = open_net("detector", chosen), open_net("recogniser", chosen)
    return Reader(detector, recogniser, alphabet(), f"{chosen.name}/{device}", device)
