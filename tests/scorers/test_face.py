"""The face scorer: the contract, planted asymmetry, what it abstains from, and its backends."""

import json
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from contract import check_scorer
from nets.faces.people import astronaut, picture, sized
from PIL import Image

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets.faces import insight
from iqmetrics.nets.faces.find import faces_of, upright_faces
from iqmetrics.nets.faces.shape import mirror_map
from iqmetrics.scorers.face import REGIONS, Face

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import faces_warps as warps

METRICS = [m.name for m in Face.metrics]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.delenv(insight.VARIABLE, raising=False)
    monkeypatch.setattr(insight, "HOME", str(tmp_path / "home"))


def wall(seed=0):
    return np.random.default_rng(seed).integers(80, 120, (200, 300, 3)).astype(np.uint8)


def read(pixels, **options):
    scorer = Face(**options)
    return scorer.score([picture(pixels)])[0]


def pushed(region, amount, side=-1):
    face = sized(astronaut(), 900)
    (found,) = faces_of([picture(face)])[0]
    field = warps.thin_plate_field(
        found.mesh, 900, region, side, np.array([0.0, amount]), mirror_map()
    )
    return warps.remap(face, field)


def test_contract():
    pictures = [picture(p) for p in (astronaut(), wall(), sized(astronaut(), 256))]
    check_scorer(Face(), pictures, rel=1e-4, abs_=1e-5)


def test_an_ordinary_portrait():
    reading = read(astronaut())
    assert set(reading.values) == set(METRICS)
    assert reading.values["face.count"] == 1
    assert reading.values["face.asymmetry"] < 3
    assert reading.values["face.malformed"] < 0.5
    (face,) = reading.evidence["faces"]
    assert face["reason"] is None and face["worst_region"] in REGIONS
    assert face["box"][0] < face["worst_box"][2] and abs(face["yaw"]) < 15


def test_the_mirror_image_scores_exactly_the_same_and_its_evidence_is_mirrored():
    one, two = read(astronaut()), read(astronaut()[:, ::-1])
    assert one.values == two.values
    (a,), (b,) = one.evidence["faces"], two.evidence["faces"]
    assert a["box"][0] == pytest.approx(512 - b["box"][2], abs=0.11)
    assert a["worst_region"] == b["worst_region"]


@pytest.mark.parametrize("side", [-1, 1])
def test_a_displaced_eye_raises_its_own_region_most(side):
    before, after = read(sized(astronaut(), 900)), read(pushed("eyes", 0.16, side))
    rise = {
        r: after.values[f"face.asymmetry_{r}"] - before.values[f"face.asymmetry_{r}"]
        for r in REGIONS
    }
    assert rise["eyes"] > 1 and max(rise, key=rise.get) == "eyes"
    assert after.evidence["faces"][0]["worst_region"] == "eyes"


def test_no_face_is_not_applicable_but_the_count_is_zero():
    reading = read(wall())
    assert reading.values == {"face.count": 0.0}
    assert {m.status for m in reading.missing.values()} == {"not_applicable"}


def test_a_small_face_is_counted_and_not_judged():
    reading = read(sized(astronaut(), 300))
    assert reading.values == {"face.count": 1.0}
    why = reading.missing["face.asymmetry"]
    assert why.status == "abstained" and "64 px" in why.reason


def test_dark_glasses_are_not_judged():
    (face,) = faces_of([picture(astronaut())])[0]
    scene = astronaut().copy()
    x0, x1 = face.mesh[[127, 356], 0].astype(int)
    y0, y1 = face.mesh[[105, 118], 1].astype(int)
    scene[y0:y1, x0:x1] = 6
    reading = read(scene)
    if reading.values["face.count"]:
        assert "face.asymmetry" in reading.missing


def test_a_batch_of_crowds_keeps_faces_with_their_pictures():
    crowd = np.hstack([astronaut(), astronaut()[:, ::-1]])
    readings = Face().score([picture(wall()), picture(crowd), picture(astronaut())])
    assert [r.values["face.count"] for r in readings] == [0, 2, 1]
    assert len(readings[1].evidence["faces"]) == 2


def test_the_default_names_its_backend_and_is_commercial():
    scorer = Face()
    assert scorer.licence == "Apache-2.0" and scorer.version == "7"
    evidence = read(wall()).evidence
    assert evidence["backend"] == "embedded" and evidence["licence"] == "Apache-2.0"


def test_bad_options_are_told():
    with pytest.raises(BadInput, match="backend"):
        Face(backend="dlib")
    with pytest.raises(BadInput, match="Drop one"):
        Face(backend="embedded", pack="buffalo_l")


def test_insightface_without_a_pack_is_unavailable_and_downloads_nothing(tmp_path):
    scorer = Face(backend="insightface")
    with pytest.raises(Unavailable, match="pack"):
        scorer.load("cpu")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("package", ["cv2", "onnxruntime", "scipy"])
def test_a_missing_package_names_the_extra(monkeypatch, package):
    import iqmetrics.scorers.face as module

    monkeypatch.setattr(module, "find_spec", lambda name: None if name == package else 1)
    with pytest.raises(Unavailable, match=rf"{package}[\s\S]*iqmetrics\[score\]"):
        Face().load("cpu")


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    pytest.importorskip("insightface")
    from nets.faces.pack import write_pack

    (found,) = upright_faces([picture(sized(astronaut(), 640))])[0]
    box, eyes = found.box, (tuple(found.points[0]), tuple(found.points[1]))

    def make(yaw):
        folder = tmp_path_factory.mktemp("packs") / "buffalo_test"
        return str(write_pack(folder, box, eyes, yaw))

    return make


def test_insightface_finds_the_faces_where_a_pack_is_given(pack):
    scorer = Face(pack=pack(4))
    scorer.load("cpu")
    (reading,) = scorer.score([picture(sized(astronaut(), 640))])
    assert reading.values["face.count"] == 1
    assert set(reading.values) == set(METRICS)
    evidence = reading.evidence
    assert evidence["backend"] == "insightface" and evidence["pack"] == "buffalo_test"
    assert "non-commercial" in evidence["licence"] and "non-commercial" in scorer.licence
    assert len(evidence["faces"][0]["landmarks"]) == 106
    assert scorer.version.startswith("7+insightface.buffalo_test.")


def test_auto_takes_the_pack_of_the_environment(pack, monkeypatch):
    monkeypatch.setenv(insight.VARIABLE, pack(5))
    assert Face().found_pack.name == "buffalo_test"
    assert Face(backend="embedded").found_pack is None
    monkeypatch.setattr(insight, "installed", lambda: False)
    assert Face().found_pack is None


def test_the_pose_of_the_pack_can_rule_a_face_out(pack):
    (reading,) = Face(pack=pack(48)).score([picture(sized(astronaut(), 640))])
    assert reading.missing["face.asymmetry"].status == "abstained"
    assert "turned" in reading.missing["face.asymmetry"].reason


def test_the_pack_scores_a_picture_and_its_mirror_the_same_where_it_finds_the_same(pack):
    half = sized(astronaut(), 640)[:, :320]
    whole = np.hstack([half, half[:, ::-1]])
    one, two = (Face(pack=pack(0)).score([picture(p)])[0] for p in (whole, whole[:, ::-1]))
    assert one.values == two.values


FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_golden_values_and_the_planted_eye():
    golden = json.loads((FIXTURES / "golden" / "face.json").read_text("utf-8"))
    seen = {}
    for model, expected in golden["values"].items():
        with Image.open(FIXTURES / "outputs" / model / golden["image"]) as file:
            seen[model] = read(np.array(file.convert("RGB")), backend="embedded").values
        assert seen[model] == pytest.approx(expected, abs=golden["tolerance_abs"])
    good, bad = seen["model-a"], seen["model-b"]
    assert bad["face.asymmetry_eyes"] > good["face.asymmetry_eyes"] + 3
    assert bad["face.asymmetry"] == bad["face.asymmetry_eyes"], (
        "the planted eye is the worst region"
    )
    assert bad["face.malformed"] > good["face.malformed"]
