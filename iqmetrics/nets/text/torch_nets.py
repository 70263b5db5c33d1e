"""The two text networks on a GPU: bytes go there, and only what is asked of the answer comes back.

The recogniser's answer is 3 MB for a short line; its likeliest signs, or the likelihood of a
string, are taken on the GPU. Each forward has a fixed number of rows for its size, so that nothing
depends on what is read together.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.images import Picture
from iqmetrics.nets import stacks
from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.onnx_torch.net import TorchNet
from iqmetrics.nets.onnx_torch.shrink import shrunk, upload
from iqmetrics.nets.side_by_side import each
from iqmetrics.nets.text.detect import seen_size

PIXELS = 8 * 576 * 576
"""Pixels that the detector sees in one forward, or one picture if that has more: eight pictures of
a quick look. On an H100 more save 3 % a picture and wait for company longer."""
COLUMNS = 32 * 320
"""Columns of crops that the recogniser sees in one forward. Twice as many take 12 % less a crop
where all places are taken, but they seldom are."""
TINY = 1e-12
"""Least probability, as in `readability`."""

Image = NDArray[np.uint8]
K = TypeVar("K")


def signed(pixels: Tensor) -> Tensor:
    """Bytes (n, h, w, RGB or RGB and mask) as (n, BGR, h, w) in -1..1, 0 where the mask is 0."""
    if pixels.is_floating_point():
        return pixels
    out = pixels[..., :3].flip(-1).float() / 127.5 - 1
    if pixels.shape[-1] == 4:
        out = out * (pixels[..., 3:] > 0)
    return out.permute(0, 3, 1, 2)


class TorchDetector:
    """PP-OCRv6's detector."""

    def __init__(self, path: Path, device: str, half: bool) -> None:
        self.net = TorchNet(path, device, half, signed)

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 3, h, w), BGR, -1..1 -> heat (n, 1, h, w)."""
        return np.asarray(self.net.run(batch, _rows(batch.shape[2:]))[0], np.float32)

    def heats(
        self,
        frames: Sequence[tuple[Image, int]],
        scaled: Callable[[Image, int], Image],
        pictures: Sequence[Picture | None],
    ) -> list[NDArray[np.float32]]:
        """The heat (h, w) of each frame (pixels, length of the longer side to look at).

        Averages are taken here, other changes of size are left to `scaled`. The pixels of a picture
        are sent once, whoever needs them.
        """
        images = self._there(frames, scaled, pictures)
        places = _alike([tuple(image.shape[:2]) for image in images])
        made = [
            self.net.there(torch.stack([images[i] for i in some]), _rows(size))[0]
            for size, some in places.items()
        ]
        found: dict[int, NDArray[np.float32]] = {}
        for some, heat in zip(places.values(), fetched(made), strict=True):
            found.update(zip(some, heat[:, 0], strict=True))
        return [found[i] for i in range(len(images))]

    def _there(
        self,
        frames: Sequence[tuple[Image, int]],
        scaled: Callable[[Image, int], Image],
        pictures: Sequence[Picture | None],
    ) -> list[Tensor]:
        """Each frame on the device in the size that the net sees; averages are taken together."""
        found: dict[int, Tensor] = {}
        kinds = [_averaged(pixels.shape, side) for pixels, side in frames]
        for kind, places in _alike(kinds).items():
            if kind is None:
                seen = each(lambda place: scaled(*frames[place]), places)
                made: Iterable[Tensor] = [upload(image, self.net.device) for image in seen]
            else:
                shown = self._sent([frames[i][0] for i in places], [pictures[i] for i in places])
                made = shrunk(shown, kind[1])
            found.update(zip(places, made, strict=True))
        return [found[place] for place in range(len(frames))]

    def _sent(self, frames: Sequence[Image], pictures: Sequence[Picture | None]) -> list[Tensor]:
        """Pixels on the device: those of a picture as they are there for everyone."""
        known = stacks.there([p for p in pictures if p is not None], str(self.net.device))
        sent = iter(known)
        return [
            upload(pixels, self.net.device) if picture is None else next(sent)
            for pixels, picture in zip(frames, pictures, strict=True)
        ]


class TorchRecogniser:
    """PP-OCRv6's recogniser. `fitted` brings a crop to the net's height and a bucket's width."""

    def __init__(
        self, path: Path, device: str, half: bool, fitted: Callable[[Image], Image]
    ) -> None:
        self.net = TorchNet(path, device, half, signed)
        self._fitted = fitted

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 3, 48, w), BGR, -1..1 -> probabilities (n, steps, classes)."""
        return np.asarray(self.net.run(batch, _lines(batch.shape[3]))[0], np.float32)

    def greedy(
        self, images: Sequence[Image]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """The likeliest class of each step, and its probability, for each crop."""

        def likeliest(answer: Tensor, places: Sequence[int]) -> tuple[Tensor, ...]:
            odds, best = answer.max(2)
            return best, odds

        return [(best, odds) for best, odds in self._asked(images, likeliest)]

    def likelihoods(self, images: Sequence[Image], classes: Sequence[Sequence[int]]) -> list[float]:
        """exp(-CTC loss / length) of the classes that each crop should say; 0 for none."""

        def forced(answer: Tensor, places: Sequence[int]) -> tuple[Tensor, ...]:
            return (_likelihood(answer, [classes[i] for i in places]),)

        return [float(value) for (value,) in self._asked(images, forced)]

    def _asked(
        self,
        images: Sequence[Image],
        reduce: Callable[[Tensor, Sequence[int]], tuple[Tensor, ...]],
    ) -> list[tuple[Any, ...]]:
        """What `reduce` makes of probabilities (n, steps, classes) and places, for each crop."""
        inputs = each(self._fitted, images)
        groups = _alike([item.shape[1] for item in inputs])
        made = [
            self.net.there(
                np.stack([inputs[i] for i in places]), _lines(width), partial(_at, reduce, places)
            )
            for width, places in groups.items()
        ]
        here = iter(fetched([tensor for some in made for tensor in some]))
        found: dict[int, tuple[Any, ...]] = {}
        for places, some in zip(groups.values(), made, strict=True):
            answers = [next(here) for _ in some]
            found.update(zip(places, zip(*answers, strict=True), strict=True))
        return [found[i] for i in range(len(images))]


def _at(
    reduce: Callable[[Tensor, Sequence[int]], tuple[Tensor, ...]],
    places: Sequence[int],
    answer: tuple[Tensor, ...],
    rows: slice,
) -> tuple[Tensor, ...]:
    return reduce(answer[0], places[rows])


def _alike(kinds: Sequence[K]) -> dict[K, list[int]]:
    """Places of each kind."""
    found: dict[K, list[int]] = {}
    for place, kind in enumerate(kinds):
        found.setdefault(kind, []).append(place)
    return found


def _averaged(shape: tuple[int, ...], side: int) -> tuple[tuple[int, ...], tuple[int, int]] | None:
    """Shape and size of a frame whose size area averages bring about; None for the others."""
    high, wide, averaged = seen_size(shape, side)
    smaller = averaged and high <= shape[0] and wide <= shape[1]
    return (shape, (high, wide)) if smaller or (high, wide) == shape[:2] else None


def _rows(size: Sequence[int]) -> int:
    return max(1, PIXELS // (size[0] * size[1]))


def _lines(width: int) -> int:
    return max(1, COLUMNS // width)


def _likelihood(answer: Tensor, classes: Sequence[Sequence[int]]) -> Tensor:
    """The likelihood a letter of each row's classes, float64; only their columns are touched."""
    steps, most = answer.shape[1], max(1, *(len(c) for c in classes))
    signs = np.zeros((len(classes), most + 1), np.int64)
    said = np.zeros((len(classes), most), np.int64)
    for row, some in enumerate(classes):
        unlike = sorted(set(some))
        signs[row, 1 : len(unlike) + 1] = unlike
        said[row, : len(some)] = [unlike.index(c) + 1 for c in some]
    columns = torch.from_numpy(signs).to(answer.device)[:, None].expand(-1, steps, -1)
    odds = answer.gather(2, columns).double().clamp_min(TINY).log()
    lengths = [len(c) for c in classes]
    targets = torch.from_numpy(said).to(answer.device)
    loss = torch.ctc_loss(odds.transpose(0, 1), targets, [steps] * len(classes), lengths, 0, 0)
    count = torch.tensor(lengths, dtype=torch.float64, device=answer.device)
    return torch.where(count > 0, torch.exp(-loss / count.clamp_min(1)), 0.0)
