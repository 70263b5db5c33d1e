"""A store of composed items on the device: a few new ones a step, many drawn, each time disturbed.

Composing (warps, edits) costs more than a training step; an item is used about three times, each
time flipped, hidden and disturbed anew.
"""

import torch
from compose import Batch, Composer


class Ring:
    """Holds `room` items; `step` of them are replaced on every draw, the oldest first."""

    def __init__(self, composer: Composer, room: int, step: int) -> None:
        self.composer, self.step, self.at = composer, step, 0
        parts = [self._packed() for _ in range(-(-room // step))]
        self.store = [torch.cat(p) for p in zip(*parts, strict=True)]

    def _packed(self) -> tuple[torch.Tensor, ...]:
        new = self.composer.batch(self.step)
        return (new.image * 255).round().byte(), new.tips, new.state, new.count

    def __len__(self) -> int:
        return len(self.store[0])

    def draw(self, n: int) -> Batch:
        """n finished items, after the oldest were replaced."""
        for held, new in zip(self.store, self._packed(), strict=True):
            held[self.at : self.at + self.step] = new
        self.at = (self.at + self.step) % len(self)
        pick = torch.randint(0, len(self), (n,), generator=self.composer.g)
        image, tips, state, count = (s[pick.to(s.device)] for s in self.store)
        return self.composer.finish(Batch(image.float() / 255, tips, state, count))
