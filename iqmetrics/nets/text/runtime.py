"""Opens the two text networks (PP-OCRv6 small, from rapidocr's wheel).

On OpenVINO or onnxruntime; on a GPU in torch.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets.sessions import open_session, threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Net = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]

FILES = {
    "detector": (
        "PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    "recogniser": (
        "PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
}
"""File in rapidocr's wheel and its sha256: other weights would read, and score, differently."""

HALF = {"detector": True, "recogniser": True}
"""Which of them a GPU runs in float16: what is read stays, in 0.43 of the time (H100)."""

ROUGHLY = ("detector",)
"""May run in bfloat16 where the processor does, which only nudges boxes."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Which engine, "onnxruntime", "openvino" or "torch", runs the nets, and where."""

    name: str = "onnxruntime"
    device: str = "cpu"


@cache
def open_net(which: str, runtime: Runtime) -> "Net":
    """A function from a float32 batch (n, 3, h, w) to the net's float32 output.

    Raises:
        Unavailable: rapidocr or the runtime is not installed.
        BadInput: the wheel's weights are not the ones that this scorer was measured with.
    """
    path = find(which)
    if runtime.name == "torch":
        return _torch(which, path, runtime.device)
    session = open_session(
        path, "reading text", runtime.name, threads(), exact=which not in ROUGHLY
    )
    return lambda batch: session.run(batch)[0]


@cache
def find(which: str) -> Path:
    """The verified weight file of "detector" or "recogniser"."""
    name, sha256 = FILES[which]
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise Unavailable.extra("reading text", "rapidocr", "score")
    path = Path(spec.origin).parent / "models" / name
    if not path.is_file():
        raise Unavailable(f"this rapidocr has no {name}", "pip install 'rapidocr==3.10.0'")
    if (found := hashlib.sha256(path.read_bytes()).hexdigest()) != sha256:
        raise BadInput(
            f"{name} in rapidocr's wheel is not the measured one (sha256 {found})",
            "pip install 'rapidocr==3.10.0'",
        )
    return path


@cache
def alphabet() -> tuple[str, ...]:
    """The recogniser's classes after the CTC blank (class 0): its characters, then the space."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(find("recogniser")), providers=["CPUExecutionProvider"]
    )
    listed = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return (*listed, " ")


def _torch(which: str, path: Path, device: str) -> "Net":
    if find_spec("torch") is None:
        raise Unavailable.extra("reading text on a GPU", "torch", "score")
    from iqmetrics.nets.text.recognise import fitted
    from iqmetrics.nets.text.torch_nets import TorchDetector, TorchRecogniser

    if which == "detector":
        return TorchDetector(path, device, HALF[which])
    return TorchRecogniser(path, device, HALF[which], fitted)
