"""Opens an ONNX file on the CPU, in OpenVINO or onnxruntime: the one place where nets are opened.

OpenVINO is the quicker for large convolutions, above all on processors that calculate in bfloat16,
where a net allows it; onnxruntime opens faster and is the fallback.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.errors import Unavailable

Floats = NDArray[np.float32]
RUNTIMES = ("openvino", "onnxruntime")


class Session(NamedTuple):
    """An open net with one input.

    `outputs` are the names and shapes (n rows of each) of what `run` answers for a batch.
    """

    outputs: tuple[tuple[str, tuple[int, ...]], ...]
    run: Callable[[Floats], list[Floats]]


def quicker() -> str:
    """OpenVINO where it is installed, else onnxruntime."""
    return "openvino" if find_spec("openvino") else "onnxruntime"


def threads() -> int:
    """CPU threads for one net alone: OMP_NUM_THREADS (the first of a list), else every core."""
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return (int(asked) if asked.isdecimal() else 0) or os.cpu_count() or 1


def open_session(
    path: Path, who: str, runtime: str = "onnxruntime", threads: int = 1, exact: bool = True
) -> Session:
    """A net, ready to run from any thread.

    Args:
        path: the ONNX file.
        who: what needs it, for the message where the runtime is missing.
        runtime: one of `RUNTIMES`.
        threads: of the processor; one where scoring threads fill the cores already.
        exact: float32; else OpenVINO may calculate in bfloat16 where the processor does.

    Raises:
        Unavailable: the runtime is not installed.
    """
    if runtime == "openvino":
        return _openvino(path, threads, exact)
    return _onnxruntime(path, who, threads)


def _openvino(path: Path, threads: int, exact: bool) -> Session:
    """Each scoring thread asks by a request of its own: one request serves one thread at a time."""
    try:
        import openvino
    except ImportError as error:
        raise Unavailable(
            "the runtime openvino is not installed", "pip install openvino"
        ) from error
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads}
    if exact:
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    model = openvino.Core().compile_model(str(path), "CPU", settings)
    own = local()

    def run(batch: Floats) -> list[Floats]:
        if not hasattr(own, "request"):
            own.request = model.create_infer_request()
        answers = own.request.infer(batch, share_inputs=True, share_outputs=True)
        return [np.array(answers[k], np.float32) for k in range(len(model.outputs))]

    return Session(
        tuple(
            (
                o.node.friendly_name.partition("/sink_port")[0],
                tuple(0 if d.is_dynamic else d.get_length() for d in o.partial_shape)[1:],
            )
            for o in model.outputs
        ),
        run,
    )


def _onnxruntime(path: Path, who: str, threads: int) -> Session:
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable.extra(who, "onnxruntime", "score") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name

    def run(batch: Floats) -> list[Floats]:
        answers: list[Floats] = session.run(None, {entry: batch})
        return answers

    return Session(
        tuple(
            (o.name, tuple(d if isinstance(d, int) else 0 for d in o.shape)[1:])
            for o in session.get_outputs()
        ),
        run,
    )
