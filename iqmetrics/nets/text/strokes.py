"""How sound the strokes of a line of lettering are, whatever it says: a small net of our own.

It was taught on rendered lettering (`training/text.py`) to tell by how much it was blurred, melted,
faded, holed or put together wrongly. The recogniser reads slightly melted letters without
hesitating; this net sees that they waver.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from iqmetrics import weights
from iqmetrics.errors import Unavailable
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT, NARROWEST, WIDEST = 48, 64, 640


def soundness(images: "Sequence[NDArray[np.uint8]]") -> list[float]:
    """1 (strokes as a font draws them) .. 0 (wholly dissolved) of each crop (h, w, 3)."""
    return each(
        lambda image: 1.0 - float(_session().run(None, {"crop": prepared(image)})[0]), images
    )


def prepared(image: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """The net's input (1, 2, 48, w): luma, -1..1, and how many rows the crop had, 48 or more = 1.

    Very narrow crops go on mirrored; very long ones are squeezed.
    """
    h, w = image.shape[:2]
    width = min(WIDEST, max(16, round(HEIGHT * w / h)))
    shrinks = cv2.INTER_AREA if h > HEIGHT else cv2.INTER_LINEAR
    grey = cv2.resize(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (width, HEIGHT), interpolation=shrinks
    )
    luma = grey.astype(np.float32) / 127.5 - 1
    if width < NARROWEST:
        luma = np.pad(luma, ((0, 0), (0, NARROWEST - width)), mode="symmetric")
    return np.stack([luma, np.full_like(luma, min(1.0, h / HEIGHT))])[None]


@cache
def _session() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise Unavailable.extra("reading text", "onnxruntime", "score") from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(weights.find("text-strokes")), settings, providers=["CPUExecutionProvider"]
    )
