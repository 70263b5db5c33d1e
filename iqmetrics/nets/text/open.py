"""Puts the reader together: networks, alphabet, runtime."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from iqmetrics.errors import Unavailable
from iqmetrics.nets.text.runtime import Runtime, alphabet, open_net

if TYPE_CHECKING:
    from iqmetrics.nets.text.reading import Reader


def open_reader(runtime: str = "onnxruntime", device: str = "cpu") -> "Reader":
    """A ready `Reader`; each network is opened once a process.

    Raises:
        Unavailable: one of rapidocr, onnxruntime, opencv or rapidfuzz is not installed.
    """
    for package in ("rapidocr", "onnxruntime", "cv2", "rapidfuzz", "scipy"):
        if find_spec(package) is None:
            raise Unavailable.extra("reading text", package, "score")
    from iqmetrics.nets.text.reading import Reader

    chosen = Runtime("torch" if device == "cuda" else runtime, device)
    detector, recogniser = open_net("detector", chosen), open_net("recogniser", chosen)
    return Reader(detector, recogniser, alphabet(), f"{chosen.name}/{device}")
