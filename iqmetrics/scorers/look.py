"""look: exposure, colour cast, focus, copied texture and latent grids, by plain formulas."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.nets.look import copies, focus, lattice, tone
from iqmetrics.nets.look.light import light
from iqmetrics.nets.side_by_side import each
from iqmetrics.records import Metric, Missing, Reading

FEW_EDGES = "fewer than 200 pixels are clear edges"
NO_LIGHT = "the estimated illuminant is no white between 1,700 and 25,000 K"
TOO_SMALL = "a side is shorter than 190 pixels: ten cells of every period compared"


@dataclass(frozen=True)
class Look:
    """How a picture looks: blown and black areas, cast, colour temperature, focus, copies, grid.

    Shares are 0..1 of the picture. `look.cast_a|b` are CIELAB a* and b* of what is least colourful
    (0 = neutral, + = red / yellow). `look.sharpness` is 1 / width of the sharper edges in pixels
    (about 1.5-2.5 sharp, below 0.8 blurred), `look.grid` the amplitude of an 8 or 16 pixel lattice
    in grey levels. Lower is better for clipped, crushed, repeats and grid, higher for sharpness.

    White boards and cut-out backgrounds end sharply all round and are not clipped; what fades into
    white is. A large blown window in a dark wall passes for paper.

    Blind to intent: a silhouette is crushed, snow is clipped, a sunset has a cast: compare models
    on the same prompts. Repeats means the same pixels twice; brick, windows and knitting are
    alike but not the same, printed patterns are. Blocks of JPEG are an 8 pixel grid.

    Sources: Finlayson-Trezzi 2004, McCamy 1992 (cct), Zhuo-Sim 2011 (edges), Shi-Tomasi 1994
    (corners).
    Example: a photograph blurred by 1.2 pixels falls from a sharpness near 2 to about 0.75.
    """

    name = "look"
    version = "3"
    scope = "image"
    concurrent = True
    licence = "Apache-2.0"
    metrics = (
        Metric("look.clipped", "share", 0, 1, "lower", "share of the picture that is blown white"),
        Metric("look.crushed", "share", 0, 1, "lower", "share of the picture that is plain black"),
        Metric("look.cast_a", "a*", -128, 128, "neither", "cast from green (-) to red (+)"),
        Metric("look.cast_b", "b*", -128, 128, "neither", "cast from blue (-) to yellow (+)"),
        Metric("look.cct", "K", 1700, 25000, "neither", "colour temperature of the light"),
        Metric("look.saturation", "C*ab", 0, 182, "neither", "mean colourfulness"),
        Metric("look.sharpness", "1/px", 0, None, "higher", "1 / width of the sharper edges"),
        Metric("look.repeats", "share", 0, 1, "lower", "share of the picture copied elsewhere"),
        Metric("look.grid", "grey levels", 0, None, "lower", "an 8 or 16 pixel lattice"),
    )

    def load(self, device: str) -> None:
        """Check that OpenCV and numba are here; everything runs on the CPU."""
        for module, package in (("cv2", "opencv-python-headless"), ("numba", "numba")):
            if find_spec(module) is None:
                raise Unavailable.extra("look", package, "score")

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        return each(lambda picture: self._one(picture.pixels), pictures)

    def _one(self, pixels: NDArray[np.uint8]) -> Reading:
        seen = light(pixels)
        small = tone.reduced(pixels)
        lab = tone.lab(small)
        cast_a, cast_b, chroma = tone.cast_and_chroma(lab)
        values = {
            "look.clipped": seen.clipped,
            "look.crushed": seen.crushed,
            "look.cast_a": cast_a,
            "look.cast_b": cast_b,
            "look.saturation": chroma,
        }
        missing: dict[str, Missing] = {}
        evidence: dict[str, object] = {}
        kelvin = tone.temperature(small)
        if kelvin is None:
            missing["look.cct"] = Missing("abstained", NO_LIGHT)
        else:
            values["look.cct"] = kelvin
        width, edges = focus.edge_width(seen.luma, seen.grey)
        if width is None:
            missing["look.sharpness"] = Missing("not_applicable", FEW_EDGES)
        else:
            values["look.sharpness"] = 1 / width
            evidence["edges"] = {"pixels": edges, "width_px": round(width, 2)}
        found = copies.find_copies(seen.grey)
        values["look.repeats"] = found.share
        if found.pairs:
            evidence["repeats"] = {
                "pairs": [list(pair) for pair in found.pairs],
                "shift": list(found.shift),
                "shift_share": round(found.shift_share, 2),
                "note": "the same pixels at both places; regular texture alone does not count",
            }
        if min(seen.luma.shape) < lattice.SMALLEST:
            missing["look.grid"] = Missing("not_applicable", TOO_SMALL)
        else:
            amplitude, period = lattice.grid_strength(seen.luma)
            values["look.grid"] = amplitude
            evidence["grid"] = {"period": period}
        return Reading(values, missing, evidence)
