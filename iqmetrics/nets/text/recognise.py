"""What stands there: crops of lines -> strings, with the class probabilities that gave them.

Each crop is scaled to 48 px height and padded to the next of a few widths, and only equal widths
share a batch: a line reads the same whoever it is read with.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iqmetrics.nets.text.runtime import Net

HEIGHT, NARROWEST, BUCKET, WIDEST = 48, 320, 160, 3200
BATCH = 8


@dataclass(frozen=True, slots=True)
class Read:
    """A crop's best string, the mean probability of its characters (0 for none), and each one's."""

    text: str
    confidence: float
    characters: tuple[float, ...] = ()


def crop(pixels: "NDArray[np.uint8]", corners: "NDArray[np.float32]") -> "NDArray[np.uint8]":
    """The (h, w, 3) rectangle between four corners, set upright; a tall one is turned left."""
    sides = corners - corners[[1, 2, 3, 0]]
    top, right, bottom, left = np.sqrt((sides * sides).sum(1)).tolist()
    w, h = max(1, int(max(top, bottom))), max(1, int(max(left, right)))
    to = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), to)
    out = cv2.warpPerspective(
        pixels, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    upright = np.rot90(out) if h >= 1.5 * w else out
    return np.ascontiguousarray(upright, np.uint8)


def fitted(image: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """One crop at the net's height and the width of its bucket: (48, width, 4), RGB and a mask.

    The mask (0 or 255) tells the crop from the empty place after it.
    """
    h, w = image.shape[:2]
    width = min(WIDEST, max(8, ceil(HEIGHT * w / h)))
    padded = max(NARROWEST, -(-width // BUCKET) * BUCKET)
    shrinks = h > 2 * HEIGHT
    out = np.zeros((HEIGHT, padded, 4), np.uint8)
    seen = cv2.resize(
        image, (width, HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    out[:, :width] = cv2.cvtColor(seen, cv2.COLOR_RGB2RGBA)  # sets the mask, too
    return out


def prepared(image: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """One crop as the net wants it: (3, 48, width of its bucket), BGR, -1..1, padded with 0."""
    found = fitted(image)
    out = (found[:, :, 2::-1].astype(np.float32) / np.float32(127.5) - 1) * (found[..., 3:] > 0)
    return np.ascontiguousarray(out.transpose(2, 0, 1), np.float32)


def probabilities(net: "Net", images: Sequence["NDArray[np.uint8]"]) -> "list[NDArray[np.float32]]":
    """For each crop the net's answer (steps, classes); class 0 is the CTC blank."""
    inputs = [prepared(image) for image in images]
    found: dict[int, NDArray[np.float32]] = {}
    for positions in by_width([item.shape[2] for item in inputs]).values():
        for first in range(0, len(positions), BATCH):
            part = positions[first : first + BATCH]
            found.update(zip(part, net(np.stack([inputs[i] for i in part])), strict=True))
    return [found[i] for i in range(len(inputs))]


def by_width(widths: Sequence[int]) -> dict[int, list[int]]:
    """Positions of each width."""
    found: dict[int, list[int]] = defaultdict(list)
    for position, width in enumerate(widths):
        found[width].append(position)
    return found


def decoded(answer: "NDArray[np.float32]", alphabet: Sequence[str]) -> Read:
    """The greedy CTC string of one answer: repeats merged, blanks dropped."""
    best = answer.argmax(1)
    return said(best, answer[np.arange(len(best)), best], alphabet)


def said(best: "NDArray[np.int64]", odds: "NDArray[np.float32]", alphabet: Sequence[str]) -> Read:
    """The string of the likeliest class of each step and its probability."""
    keeps = (best != 0) & np.append(True, best[1:] != best[:-1])
    odds = odds[keeps]
    text = "".join([alphabet[i - 1] for i in best[keeps].tolist()])
    left = len(text) - len(text.lstrip())
    odds = odds[left : left + len(text.strip())]
    confidence = float(odds.mean()) if len(odds) else 0.0
    return Read(text.strip(), confidence, tuple(odds.tolist()))


def read(net: "Net", images: Sequence["NDArray[np.uint8]"], alphabet: Sequence[str]) -> list[Read]:
    """The strings of many crops, in order."""
    if on_device := getattr(net, "greedy", None):
        return [said(best, odds, alphabet) for best, odds in on_device(images)]
    return [decoded(answer, alphabet) for answer in probabilities(net, images)]
