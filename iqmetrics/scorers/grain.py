"""grain: is the grain of a picture even, how strong, how coarse, and where is it missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture, by_shape
from iqmetrics.nets.grain.again import NO_GRAIN
from iqmetrics.records import Metric, Missing, Reading, Scope
from iqmetrics.scorers.base import keep

if TYPE_CHECKING:
    from iqmetrics.nets.grain.read import Look

Box = tuple[float, float, float, float]
FACES = "grain.face_ratio"
ZONES = ("shadow", "mid", "highlight")
TOO_SMALL = "too small to tell grain from detail: fewer than 4 x 4 tiles of 42 pixels"
GREY = "grey levels"


@dataclass(frozen=True)
class Grain:
    """Evenness of film grain or sensor noise over the frame, 0 (patches without any) to 1 (even).

    Every tile's grain is read from DCT bands by a small network trained on synthetic grain, with
    how far it can be trusted. Taken away are the part that follows luminance, as in film, and what
    even grain would spread by too, since tiles are read with an error; the spread that is left is
    unevenness: uniformity = 1 / (1 + (spread of log strength / 0.35)^2). A picture without grain
    has no uniformity (not applicable), one with nothing but texture abstains. Before it says that
    there is no grain, the noisier half of the frame is looked at by itself: a smooth part can make
    the grain beside it pass for texture.

    Higher uniformity is better; strength, size and the rest are facts without a direction. A centre
    smoother than the edges has `grain.centre_edge` below 1. Blind to: grain under 0.75 grey levels,
    or that JPEG has removed; how pleasant the grain is. Method: DCT bands after Colom and Buades
    (2013), trust learned (training/grain.py). Figures: benchmarks/results/grain.json.

    Example:
        Gaussian noise of 4 grey levels over a photograph: uniformity near 1, strength near 4;
        with the middle denoised to a third: uniformity near 0.45, centre_edge near 0.4.
    """

    no_grain_below: float = NO_GRAIN
    """Strength in grey levels that a fifth of the picture must reach to count as having grain."""
    least_covered: float = 0.3
    """Share of the frame that must be readable, or the scorer abstains."""
    faces: bool = True
    """Look for faces where there is grain, for `grain.face_ratio`."""
    batch: int = 32
    """Pictures at once on a GPU; not a part of what is measured."""
    device: str = field(init=False, repr=False, compare=False, default="cpu")

    name = "grain"
    version = "4"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    licence = "Apache-2.0"
    weights = ("grain-trust",)
    metrics = (
        Metric("grain.uniformity", "", 0, 1, "higher", "evenness of the grain over the frame"),
        Metric("grain.strength", GREY, 0, None, "neither", "standard deviation in luma, 0..255"),
        Metric(
            "grain.centre_edge", "ratio", 0, None, "neither", "grain in the centre over the edges"
        ),
        Metric("grain.face_ratio", "ratio", 0, None, "neither", "grain in faces over the rest"),
        Metric("grain.shadow", GREY, 0, None, "neither", "strength where luma is below 0.25"),
        Metric("grain.mid", GREY, 0, None, "neither", "strength where luma is 0.25 to 0.7"),
        Metric("grain.highlight", GREY, 0, None, "neither", "strength where luma is above 0.7"),
        Metric("grain.size_px", "px", 1, None, "neither", "side of one independent grain cell"),
        Metric(
            "grain.chroma_corr", "", -1, 1, "neither", "likeness of the grain between R, G and B"
        ),
    )

    def load(self, device: str) -> None:
        """Check that torch and the network are here."""
        from importlib.util import find_spec

        if find_spec("torch") is None:
            raise Unavailable.extra("grain", "torch", "score")
        from iqmetrics.nets.grain.trust import parameters

        parameters(device)
        keep(self, device=device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture; pictures of one size go through a GPU together."""
        from iqmetrics.nets.grain.read import look, readable
        from iqmetrics.nets.stacks import stack

        answers: list[Reading | None] = [None] * len(pictures)
        at_once = self.batch if self.device != "cpu" else 1
        for (height, width), places in by_shape(pictures).items():
            if not readable(height, width):
                for place in places:
                    answers[place] = Reading.none(self.metrics, "abstained", TOO_SMALL)
                continue
            for start in range(0, len(places), at_once):
                part = places[start : start + at_once]
                shown = [pictures[p] for p in part]
                seen = look(
                    stack(shown, self.device)
                    if self.device != "cpu"
                    else [p.pixels for p in shown],
                    self.device,
                    self.no_grain_below,
                )
                for index, place in enumerate(part):
                    answers[place] = self._answer(seen, index)
        return self._with_faces(pictures, [answer for answer in answers if answer is not None])

    def _with_faces(self, pictures: Sequence[Picture], answers: list[Reading]) -> list[Reading]:
        """Adds `grain.face_ratio`; faces are looked for only in pictures that have grain."""
        from iqmetrics.nets.faces.find import faces_of
        from iqmetrics.nets.grain.read import face_ratio

        places = [i for i, answer in enumerate(answers) if "grain.uniformity" in answer.values]
        boxes: list[list[Box]] = []
        trouble = "looking for faces is switched off (option faces)"
        if self.faces:
            try:
                found = faces_of([pictures[i] for i in places])
                boxes = [[face.box for face in some] for some in found]
            except Unavailable as error:
                trouble = error.hint
        for place, some in zip_longest(places, boxes):
            answer = answers[place]
            value = face_ratio(answer.evidence, some) if some else None
            if value is not None:
                answers[place] = replace(answer, values={**answer.values, FACES: value})
                continue
            if some is None:
                lack = Missing("unavailable", trouble)
            elif not some:
                lack = Missing("not_applicable", "no face")
            else:
                lack = Missing("abstained", "faces are too small, or nothing there can be read")
            answers[place] = replace(answer, missing={**answer.missing, FACES: lack})
        return answers

    def _answer(self, seen: "Look", i: int) -> Reading:
        evidence = seen.evidence(i)
        if seen.covered[i] < self.least_covered:
            reason = f"only {seen.covered[i]:.0%} of the frame tells grain from texture"
            return Reading.none(self.metrics, "abstained", reason, evidence)
        values = {"grain.strength": float(seen.strength[i])}
        missing: dict[str, Missing] = {}
        if seen.fullest[i] < self.no_grain_below:
            reason = f"no grain: {seen.fullest[i]:.2f} grey levels where there is most"
            missing = {
                m.name: Missing("not_applicable", reason)
                for m in self.metrics
                if m.name not in values
            }
            return Reading(values, missing, evidence)
        values["grain.uniformity"] = float(seen.uniformity[i])
        values["grain.size_px"] = max(1.0, float(seen.size[i]))
        values["grain.chroma_corr"] = float(np.clip(seen.chroma_corr[i], -1, 1))
        if seen.centre_trust[i] >= 1.5:
            values["grain.centre_edge"] = float(seen.centre_edge[i])
        else:
            missing["grain.centre_edge"] = Missing("abstained", "centre or edges are only texture")
        for zone, name in enumerate(ZONES):
            self._zone(f"grain.{name}", seen, i, zone, values, missing)
        return Reading(values, missing, evidence)

    @staticmethod
    def _zone(
        name: str,
        seen: "Look",
        i: int,
        zone: int,
        values: dict[str, Any],
        missing: dict[str, Missing],
    ) -> None:
        if seen.zone_tiles[i, zone] < 2:
            missing[name] = Missing("not_applicable", "no part of the frame is this bright or dark")
        elif seen.zone_trust[i, zone] < 1.0:
            missing[name] = Missing("abstained", "such parts are only texture, or clipped")
        else:
            values[name] = float(seen.zones[i, zone])
