"""A detector asked twice: of all windows in float16, of those that may show something in float32.

Most windows show nothing, and float16 says so in three fifths of the time. A window whose largest
logit in float16 lies further below the threshold than float16 can err has no find in float32
either; all others are looked at in float32, and what is found is what float32 says.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.onnx_torch.net import Likely, TorchNet

NOTHING: Likely = (
    np.empty(0, np.int64),
    np.empty((0, 0), np.float32),
    np.empty((0, 1), np.float32),
)
"""No anchor."""


class RoughFirst:
    """One detector in both kinds of numbers.

    Args:
        rough: in float16; its last answer is logits, n x anchors x 1.
        exact: the same in float32.
        margin: logits below the threshold from which a window is looked at again.
    """

    def __init__(self, rough: TorchNet, exact: TorchNet, margin: float) -> None:
        self.rough, self.exact, self.margin = rough, exact, margin

    @torch.inference_mode()
    def likely(
        self, batch: NDArray[Any] | Tensor, step: int, again: int, least: float
    ) -> list[Likely]:
        """`TorchNet.likely` of `exact`.

        Args:
            batch: windows, in main memory or on the device.
            step: rows a forward in float16.
            again: rows a forward in float32.
            least: the least logit.
        """
        if not isinstance(batch, Tensor):
            batch = torch.from_numpy(np.ascontiguousarray(batch)).to(self.exact.device)
        (most,) = self.rough.there(batch, step, lambda answer, _: (answer[-1].amax((1, 2)),))
        (near,) = fetched([~(most < least - self.margin)])  # what is no number is near too
        places = np.flatnonzero(near)
        answers: dict[int, Likely] = {}
        if len(places):
            seen = batch.index_select(0, torch.from_numpy(places).to(batch.device))
            found = self.exact.likely(seen, again, least)
            answers.update(zip(places.tolist(), found, strict=True))
        return [answers.get(place, NOTHING) for place in range(len(batch))]
