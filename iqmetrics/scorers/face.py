"""face: how many faces, how crooked, how broken."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.images import Picture, once_each
from iqmetrics.records import Metric, Missing, Reading, Scope
from iqmetrics.scorers.base import keep

if TYPE_CHECKING:
    from iqmetrics.nets.faces.find import Face as Found
    from iqmetrics.nets.faces.insight import Pack
    from iqmetrics.nets.faces.judge import Judged

REGIONS = ("eyes", "brows", "nose", "mouth", "jaw")
BACKENDS = ("auto", "embedded", "insightface")
NEEDS = ("cv2", "onnxruntime", "scipy")
UNIT = "spreads of normal faces"


def _region(name: str) -> Metric:
    about = (
        f"how far the {name} are from their mirror image"
        if name[-1] == "s"
        else (f"how far the {name} is from its mirror image")
    )
    return Metric(f"face.asymmetry_{name}", UNIT, 0, None, "lower", about)


@dataclass(frozen=True)
class Face:
    """Left-right asymmetry of the faces, in spreads of normal faces; their number; broken faces.

    `face.asymmetry` is 0 for a symmetric face, about 1 for a usual one, lower is better; it is the
    worst region (eyes, brows, nose, mouth, jaw) of the worst face that could be judged. Head pose,
    light and the mesh's own habits are taken out: it is not a yaw meter. A picture and its mirror
    image score exactly the same. `face.malformed` (0..1, lower is better) is high for a melted face
    or a wiped-out eye. `face.count` counts faces from about 24 pixels on.

    Abstains per face when it is turned by more than 30 degrees, smaller than 64 pixels, covered,
    half black, or no photograph-like face (drawn, sculpted, rendered, a toy or an animal): such a
    face is never called malformed. Each face's reason is in the evidence. Method: the
    mesh with irises, frontal rendering, mirrored optical flow, linear heads and two small nets for
    the jaw, fitted by `training/faces.py`. Blind to: ears, hair, asymmetry of both sides at once.
    Rank many images by it; one winking or grimacing person is crooked too.

    Options:
        backend: "embedded" finds faces with the shipped nets; "insightface" with a local pack of
            its own (official packs are non-commercial); "auto" takes insightface where it is
            installed and a pack with landmarks is found, else embedded.
        pack: A pack's folder or name; else `IQM_INSIGHTFACE_DIR`, else `~/.insightface/models`.

    Example:
        The astronaut of `fixtures/outputs/model-a`: count 1, asymmetry 1.4, malformed 0.00. The one
        of model-b, an eye lower by a fifth of the eye distance: asymmetry 7.8, worst region eyes.
    """

    backend: str = "auto"
    pack: str = ""
    found_pack: "Pack | None" = field(init=False, repr=False, compare=False, default=None)

    name = "face"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    weights = ("face_short", "face_full", "face_mesh", "face_symmetry", "face_jaw", "face_style")
    metrics = (
        Metric("face.count", "faces", 0, None, "neither", "faces in the picture"),
        Metric("face.asymmetry", UNIT, 0, None, "lower", "worst region of the worst face"),
        *(_region(name) for name in REGIONS),
        Metric("face.malformed", "", 0, 1, "lower", "how surely a face is melted or half missing"),
    )

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise BadInput(f"backend {self.backend!r}", f"One of: {', '.join(BACKENDS)}")
        if self.pack and self.backend == "embedded":
            raise BadInput("a pack is given but the backend is 'embedded'", "Drop one of them")
        keep(self, found_pack=self._choose())

    @property
    def version(self) -> str:
        """Names the pack, if one is used, so that its scores are not mixed with others."""
        pack = self.found_pack
        return "7" if pack is None else f"7+insightface.{pack.name}.{pack.digest}"

    @property
    def licence(self) -> str:
        """Apache-2.0; with an insightface pack the pack's."""
        return "Apache-2.0" if self.found_pack is None else "LicenseRef-insightface-non-commercial"

    def _choose(self) -> "Pack | None":
        from iqmetrics.nets.faces import insight

        if self.backend == "embedded":
            return None
        if self.backend == "auto" and not self.pack and not insight.installed():
            return None
        return insight.find_pack(self.pack)

    def load(self, device: str) -> None:
        """Load the nets; raises `Unavailable` when a package, a file or the pack is missing."""
        from iqmetrics.nets.faces import insight

        for package in NEEDS:
            if find_spec(package) is None:
                raise Unavailable.extra("face", package, "score")
        if self.backend == "insightface" or self.pack:
            if not insight.installed():
                raise Unavailable.extra("face with insightface", "insightface", "insightface")
            if self.found_pack is None:
                raise Unavailable(
                    "no insightface pack with landmarks on this machine",
                    f"Set {insight.VARIABLE} to a folder with buffalo_l or antelopev2",
                )
        from iqmetrics.nets.faces import session

        session.load(device)
        if self.found_pack is not None:
            insight.open_pack(self.found_pack)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture; all faces of the batch go through each net together."""
        from iqmetrics.nets.faces.find import is_turned, mirrored, shown
        from iqmetrics.nets.faces.judge import judge

        found = self._faces(pictures)
        seen = [p for p, faces in zip(pictures, found, strict=True) if faces]
        at = dict(zip(map(id, seen), shown(seen), strict=True))
        pixels = [at[id(p)] for p, faces in zip(pictures, found, strict=True) for _ in faces]
        judged = iter(judge(pixels, [f for faces in found for f in faces]))
        readings = []
        for picture, faces in zip(pictures, found, strict=True):
            own = [next(judged) for _ in faces]
            placed = [mirrored(f, picture.width) if is_turned(picture) else f for f in faces]
            readings.append(self._reading(placed, own))
        return readings

    def _faces(self, pictures: Sequence[Picture]) -> "list[list[Found]]":
        from iqmetrics.nets.faces import find, insight

        pack = self.found_pack
        if pack is None:
            return find.upright_faces(pictures)

        def run(some: list[Picture]) -> "list[list[Found]]":
            images = [find.upright(p) for p in some]
            return find.trace_found(images, insight.detect(pack, images))

        return once_each(pictures, ("nets.faces.insight", pack.digest), run)

    def _reading(self, faces: "list[Found]", judged: "list[Judged]") -> Reading:
        names = [m.name for m in self.metrics if m.name != "face.count"]
        evidence = self._evidence(faces, judged)
        values = {"face.count": float(len(faces))}
        able = [j for j in judged if j.reason is None]
        if not able:
            why = Missing("not_applicable", "no face")
            if judged:
                why = Missing("abstained", f"no face can be judged: {judged[0].reason}")
            return Reading(values, dict.fromkeys(names, why), evidence)
        regions = {r: max(j.regions[r] for j in able) for r in REGIONS}
        values["face.asymmetry"] = max(regions.values())
        values |= {f"face.asymmetry_{r}": v for r, v in regions.items()}
        values["face.malformed"] = max(j.malformed for j in able)
        return Reading(values, {}, evidence)

    def _evidence(self, faces: "list[Found]", judged: "list[Judged]") -> dict[str, Any]:
        from iqmetrics.nets.faces.insight import LICENCE
        from iqmetrics.nets.faces.judge import region_box

        pack = self.found_pack
        rows = []
        for face, verdict in zip(faces, judged, strict=True):
            row: dict[str, Any] = {
                "box": [round(v, 1) for v in face.box],
                "score": round(face.score, 4),
                "flag": round(face.flag, 4),
                "points": face.points.round(1).tolist(),
                "yaw": None if verdict.yaw is None else round(verdict.yaw, 1),
                "reason": verdict.reason,
            }
            if face.landmarks is not None:
                row["landmarks"] = face.landmarks.round(1).tolist()
            if verdict.reason is None:
                worst = max(REGIONS, key=lambda r: verdict.regions[r])
                row["regions"] = {r: round(v, 3) for r, v in verdict.regions.items()}
                row["malformed"] = round(verdict.malformed, 4)
                row["worst_region"] = worst
                row["worst_box"] = [round(v, 1) for v in region_box(face.mesh, worst)]
            rows.append(row)
        return {
            "backend": "embedded" if pack is None else "insightface",
            "pack": "" if pack is None else pack.name,
            "licence": "Apache-2.0" if pack is None else LICENCE,
            "faces": rows,
        }
