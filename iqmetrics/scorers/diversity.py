"""diversity: how different the images of one prompt are from each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.nets import clip_source
from iqmetrics.records import Metric, Missing, Reading, Scope

if TYPE_CHECKING:
    from numpy.typing import NDArray

OF = 4
"""Vendi scores are those of so many images, whatever the size of the set."""
SUBSETS = 500
"""At most so many subsets are drawn (always the same ones); fewer are taken all."""


@dataclass(frozen=True)
class Diversity:
    """Variety over the seeds of one prompt: mean CLIP distance, and Vendi score of four images.

    `diversity.clip` is the mean of 1 - cosine over all pairs of images (0 = identical, 2 at most;
    two images or more). `diversity.vendi` is the effective number of different images among four
    (1 = all the same, 4 = nothing in common): the mean Vendi score over subsets of four, so that
    sets of unlike size compare without bias; it needs four images. Higher is more diverse, which is
    no merit in itself. Pairs with a cosine above `duplicate` are listed in the evidence.

    Source: Friedman & Dieng, "The Vendi Score", TMLR 2023, cosine kernel, q = 1. Blind to: whether
    the images fit the prompt; differences that CLIP does not see (small text, exact counts).

    Example:
        Evidence: `{"near_duplicates": [["a/1.png", "a/3.png", 0.994]]}`.
    """

    model: str = clip_source.DEFAULT
    duplicate: float = 0.98
    fast: bool = False
    encoder: Any = field(init=False, repr=False, compare=False, default=None)

    name = "diversity"
    version = "1"
    scope: ClassVar[Scope] = "set"
    each = "prompt"
    imports = ("open_clip",)
    licence = "MIT"
    metrics = (
        Metric("diversity.clip", "", 0, 2, "higher", "mean CLIP distance between two images"),
        Metric("diversity.vendi", "", 1, OF, "higher", f"different images among {OF}"),
    )

    @property
    def weights(self) -> tuple[str, ...]:
        """The model's line in the weight ledger, where there is one."""
        return clip_source.lines(self.model)

    def load(self, device: str) -> None:
        """Find the weights, then load them; nothing heavy is imported before they are found."""
        clip_source.load(self, device)

    def read(self, pictures: Sequence[Picture]) -> None:
        """Remember the embeddings of pictures while their pixels are there."""
        self.encoder.images(pictures)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading for the whole set."""
        if len(pictures) < 2:
            reason = "one image has nothing to differ from"
            return [Reading.none(self.metrics, "not_applicable", reason)]
        kernel = cosines(np.stack(self.encoder.images(pictures)))
        rows, columns = np.triu_indices(len(pictures), 1)
        values = {"diversity.clip": float(np.clip(1 - kernel[rows, columns], 0, 2).mean())}
        missing = {}
        if len(pictures) < OF:
            reason = f"{len(pictures)} images; it needs {OF}"
            missing["diversity.vendi"] = Missing("not_applicable", reason)
        else:
            values["diversity.vendi"] = rarefied_vendi(kernel)
        near = [
            [pictures[i].record.image, pictures[j].record.image, round(float(kernel[i, j]), 4)]
            for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
            if kernel[i, j] > self.duplicate
        ]
        return [Reading(values, missing, {"near_duplicates": near})]


def cosines(embeddings: "NDArray[np.float32]") -> "NDArray[np.float64]":
    """Cosines between unit vectors (n, dim), (n, n), with an exact diagonal."""
    unit = embeddings.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    kernel: NDArray[np.float64] = unit @ unit.T
    np.fill_diagonal(kernel, 1.0)
    return kernel


def vendi(kernel: "NDArray[np.float64]") -> float:
    """Exp of the entropy of the eigenvalues of kernel / n: 1 (all equal) to n (all orthogonal)."""
    shares = np.clip(np.linalg.eigvalsh(kernel / len(kernel)), 0, None)
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def rarefied_vendi(kernel: "NDArray[np.float64]", of: int = OF) -> float:
    """Mean Vendi score over subsets of `of` images: its expectation does not depend on n."""
    n = len(kernel)
    if comb(n, of) <= SUBSETS:
        subsets = [list(c) for c in combinations(range(n), of)]
    else:
        draw = np.random.default_rng(0)
        subsets = [draw.choice(n, of, replace=False).tolist() for _ in range(SUBSETS)]
    return float(np.clip(np.mean([vendi(kernel[np.ix_(s, s)]) for s in subsets]), 1, of))
