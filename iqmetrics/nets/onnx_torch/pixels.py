"""From bytes of pixels to a net's range, by the same arithmetic in numpy and in torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Range:
    """What a net wants: bytes / `divide` - `minus`. float32 is taken as it is already."""

    divide: float
    minus: float = 0.0

    def on_cpu(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """The batch as float32 in the net's range."""
        if batch.dtype != np.uint8:
            return np.ascontiguousarray(batch, np.float32)
        out = np.divide(batch, np.float32(self.divide), dtype=np.float32)
        if self.minus:
            out -= np.float32(self.minus)
        return np.asarray(out, np.float32)

    def on_device(self, batch: "Tensor") -> "Tensor":
        """The same of a tensor, on its own device: bytes are a quarter of the way there."""
        if batch.is_floating_point():
            return batch
        out = batch.float() / self.divide
        return out - self.minus if self.minus else out
