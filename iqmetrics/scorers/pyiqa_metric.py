"""Any no-reference metric of pyiqa by its own name: musiq, topiq_nr, maniqa, dbcnn ..."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.images import Picture, by_shape
from iqmetrics.nets import pyiqa_table
from iqmetrics.records import Better, Metric, Reading, Scope
from iqmetrics.scorers.base import keep

if TYPE_CHECKING:
    from torch import Tensor

BATCH_PIXELS = {"cpu": 2_500_000, "cuda": 34_000_000}
"""Pictures of one size go together up to so many pixels."""

LEDGER = {
    "musiq": "musiq-koniq",
    "musiq-ava": "musiq-ava",
    "musiq-spaq": "musiq-spaq",
    "musiq-paq2piq": "musiq-paq2piq",
}


@dataclass(frozen=True)
class PyiqaMetric:
    """The number that pyiqa's metric of this name gives; which way is better is pyiqa's word.

    `musiq` (the default) is 0..100, higher is better: a transformer over the picture at three
    scales, trained on people's opinions of photographs (KonIQ-10k). Values are those of pyiqa on
    the decoded picture (RGB / 255); on a GPU, MUSIQ runs in float16 and keeps within about 0.01 of
    them. Pictures whose longer side is above `max_side` are first shrunk to it: the work of MUSIQ
    grows with the square of the area, ten times from 1024 to 2048 (evidence: `shrunk_to`).

    Options: `metric`, the name; `max_side` in pixels; `file`, your own safetensors of the same net.
    Unit: none. Source: pyiqa, PolyForm-Noncommercial-1.0.0: not for commercial use. Blind to: the
    prompt, anatomy; most were trained on photographs and their defects, not on generated images.

    Example:
        `iqm score outputs/ --scorer musiq --scorer topiq_nr`
    """

    metric: str = "musiq"
    max_side: int = 2048
    file: str = ""
    device: str = field(init=False, repr=False, compare=False, default="cpu")
    built: Any = field(init=False, repr=False, compare=False, default=None)
    run: Any = field(init=False, repr=False, compare=False, default=None)

    version = "1"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    imports = ("pyiqa",)
    licence = "PolyForm-Noncommercial-1.0.0"

    def __post_init__(self) -> None:
        known = pyiqa_table.table().get(self.metric)
        if known is None:
            raise BadInput(f"pyiqa has no metric {self.metric!r}", "pip install 'iqmetrics[pyiqa]'")
        if not known.reference_free:
            raise BadInput(
                f"{self.metric} of pyiqa does not judge one image alone",
                "Choose a no-reference one",
            )

    @property
    def name(self) -> str:
        """Pyiqa's name."""
        return self.metric

    @property
    def weights(self) -> tuple[str, ...]:
        """Its line in the weight ledger, where there is one."""
        return (LEDGER[self.metric],) if self.metric in LEDGER and not self.file else ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The one number, as pyiqa describes it."""
        known = pyiqa_table.table()[self.metric]
        about = f"{self.metric} of pyiqa, usually within {known.usual}"
        better: Better = "lower" if known.lower_better else "higher"
        return (Metric(self.metric, "", None, None, better, about),)

    def load(self, device: str) -> None:
        """Find package and weights, then build the net; torch is imported only after that."""
        for line in self.weights:
            weights.find(line)
        if find_spec("pyiqa") is None:
            raise Unavailable.extra(self.metric, "pyiqa", "pyiqa")
        from iqmetrics.nets import musiq, pyiqa_build

        built = pyiqa_build.build(self.metric, device, self.file)
        run = musiq.fastest(built.net) if self._is_musiq else None
        keep(self, device=device, built=built, run=run)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture; pictures of one size are computed together."""
        found: dict[int, Reading] = {}
        for (height, width), rows in by_shape(pictures).items():
            size = max(1, BATCH_PIXELS[self._kind] // (height * width))
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                found.update(zip(part, self._batch([pictures[i] for i in part]), strict=True))
        return [found[i] for i in range(len(pictures))]

    @property
    def _kind(self) -> str:
        return "cuda" if self.device.startswith("cuda") else "cpu"

    @property
    def _is_musiq(self) -> bool:
        return pyiqa_table.table()[self.metric].arch == "MUSIQ"

    def _batch(self, pictures: list[Picture]) -> list[Reading]:
        from iqmetrics.nets.stacks import stack

        images = stack(pictures, self.device).permute(0, 3, 1, 2)
        told: dict[str, Any] = {}
        if (longest := max(images.shape[2:])) > self.max_side:
            images = _shrink(images, self.max_side / longest)
            told = {"shrunk_to": [images.shape[3], images.shape[2]]}
        return [Reading({self.metric: v}, {}, told) for v in self._values(images)]

    def _values(self, images: "Tensor") -> list[float]:
        import torch

        from iqmetrics.nets.musiq_ops import unit

        if self.run is not None:
            answer = self.run(images)
        else:
            images = unit(images)
            with torch.inference_mode():
                answer = torch.cat([self.built(image[None]).flatten()[:1] for image in images])
        return [float(v) for v in answer.double().cpu()]


def _shrink(images: "Tensor", scale: float) -> "Tensor":
    import torch.nn.functional as F

    from iqmetrics.nets.musiq_ops import unit

    size = [max(1, round(side * scale)) for side in images.shape[2:]]
    return F.interpolate(unit(images), size, mode="bicubic", antialias=True).clamp_(0, 1)


def find(name: str) -> Callable[..., PyiqaMetric] | None:
    """What builds the metric of that name; None when pyiqa has no such metric for single images."""
    known = pyiqa_table.table().get(name)
    return partial(PyiqaMetric, metric=name) if known is not None and known.reference_free else None
