"""Opens an embedded net on the CPU: one thread each, as scoring threads fill the cores."""

from iqmetrics import weights
from iqmetrics.nets.sessions import Session, open_session


def cpu_session(
    name: str, scorer: str, runtime: str = "onnxruntime", exact: bool = True
) -> Session:
    """A net of the weight ledger, ready to run.

    Args:
        name: its name there.
        scorer: who asks, for the message where the runtime is missing.
        runtime: "onnxruntime" or "openvino".
        exact: see `open_session`.

    Raises:
        Unavailable: the runtime or the file is missing.
    """
    return open_session(weights.find(name), scorer, runtime, exact=exact)
