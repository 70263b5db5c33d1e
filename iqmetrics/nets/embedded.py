"""Opens an embedded net on the CPU: one thread each, as scoring threads fill the cores."""

from typing import Any

from iqmetrics import weights
from iqmetrics.errors import Unavailable


def cpu_session(name: str, scorer: str) -> Any:
    """The onnxruntime session of a net in the weight ledger.

    Args:
        name: its name there.
        scorer: who asks, for the message where onnxruntime is missing.

    Raises:
        Unavailable: onnxruntime or the file is missing.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable.extra(scorer, "onnxruntime", "score") from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    path = str(weights.find(name))
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
