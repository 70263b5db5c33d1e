"""Opens an ONNX file on the CPU, in OpenVINO or onnxruntime: the one place where nets are opened.

OpenVINO is the quicker for large convolutions, above all on processors that calculate in bfloat16,
where a net allows it; onnxruntime opens faster and is the fallback.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, local
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.errors import Unavailable

Floats = NDArray[np.float32]
RUNTIMES = ("openvino", "onnxruntime")
_one_at_a_time = Lock()


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
    path: Path,
    who: str,
    runtime: str = "onnxruntime",
    threads: int = 1,
    exact: bool = True,
    rows: int = 0,
) -> Session:
    """A net, ready to run from any thread.

    Args:
        path: the ONNX file.
        who: what needs it, for the message where the runtime is missing.
        runtime: one of `RUNTIMES`.
        threads: of the processor; one where scoring threads fill the cores already.
        exact: float32; else OpenVINO may calculate in bfloat16 where the processor does.
        rows: batches of this size are frequent: OpenVINO opens the net once more for them alone,
            which answers the same in 8 to 10 % less time.

    Raises:
        Unavailable: the runtime is not installed.
    """
    if runtime == "openvino":
        return _openvino(path, threads, exact, rows)
    return _onnxruntime(path, who, threads)


def _openvino(path: Path, threads: int, exact: bool, rows: int) -> Session:
    """Each scoring thread asks by a request of its own: one request serves one thread at a time."""
    try:
        import openvino
    except ImportError as error:
        raise Unavailable(
            "the runtime openvino is not installed", "pip install openvino"
        ) from error
    _fill_table(openvino)
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads}
    if exact:
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    core = openvino.Core()
    net = core.read_model(str(path))
    model = core.compile_model(net, "CPU", settings)
    fixed = {}
    if rows:
        net.reshape([rows, *list(net.input().partial_shape)[1:]])
        fixed[rows] = core.compile_model(net, "CPU", settings)
    own = local()

    def run(batch: Floats) -> list[Floats]:
        if not hasattr(own, "requests"):
            own.requests = {}
        size = len(batch) if len(batch) in fixed else 0
        if size not in own.requests:
            own.requests[size] = fixed.get(size, model).create_infer_request()
        answers = own.requests[size].infer(batch, share_inputs=True, share_outputs=True)
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


def _fill_table(openvino: Any) -> None:
    """Has OpenVINO fill its table of number types, which it does on first use.

    Two threads that do so at once (the first answers of two scoring threads) wait for each other
    for ever: one holds the table and wants Python's lock, the other the reverse.
    """
    with _one_at_a_time:
        openvino.Type.f32.to_dtype()


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
