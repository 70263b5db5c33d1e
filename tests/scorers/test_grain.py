import numpy as np
import pytest
import torch
from contract import check_scorer, copies, same_reading

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.nets.grain.again import look_again
from iqmetrics.nets.grain.synthesis import KINDS, add_grain, field
from iqmetrics.plugins import make
from iqmetrics.records import ImageRecord, Reading
from iqmetrics.scorers.base import load
from iqmetrics.scorers.grain import Grain


def picture(pixels: np.ndarray) -> Picture:
    return Picture(ImageRecord("a.png", "a.png"), np.ascontiguousarray(pixels))


def scene(height: int = 512, width: int = 640) -> np.ndarray:
    """Smooth shapes, an edge and a band of texture: something of everything."""
    rng = np.random.default_rng(9)
    y, x = np.mgrid[0:height, 0:width]
    base = 120 + 70 * np.sin(x / 150) * np.cos(y / 110)
    base[height // 3 : height // 2, : width // 3] += 40
    base[-60:, -200:] += 25 * (rng.random((60, 200)) > 0.5)
    return np.clip(base, 5, 250).astype(np.uint8)[..., None].repeat(3, 2)


def grainy(
    sigma: float, name: str = "uniform", ratio: float = 1, kind: str = "white"
) -> np.ndarray:
    rng = np.random.default_rng(1)
    clean = scene()
    return add_grain(clean, kind, sigma, field(name, *clean.shape[:2], ratio, rng), rng).pixels


def read(pixels: np.ndarray) -> Reading:
    scorer = Grain()
    load(scorer, "cpu")
    return scorer.score([picture(pixels)])[0]


def test_the_laws_of_a_scorer():
    pixels = [
        grainy(4),
        grainy(4)[:300, :400],
        scene(),
        grainy(3)[:100, :100],
        grainy(6, "half", 0.3),
    ]
    check_scorer(Grain(), [picture(p) for p in pixels], rel=1e-4, abs_=1e-4)


def test_it_is_registered():
    assert isinstance(make("scorer", "grain"), Grain)


@pytest.mark.parametrize("kind", KINDS)
def test_even_grain_of_every_kind_is_even(kind):
    assert read(grainy(5, kind=kind)).values["grain.uniformity"] > 0.85


@pytest.mark.parametrize("name", ["edges", "face", "half", "patchy"])
def test_smoothed_parts_lower_uniformity(name):
    uneven, even = read(grainy(5, name, 0.3)).values, read(grainy(5)).values
    assert uneven["grain.uniformity"] < 0.75
    assert even["grain.uniformity"] - uneven["grain.uniformity"] > 0.15


def test_strength_size_and_centre_are_known_answers():
    values = read(grainy(6)).values
    assert values["grain.strength"] == pytest.approx(6, rel=0.05)
    assert values["grain.size_px"] == pytest.approx(1, abs=0.15)
    assert values["grain.centre_edge"] == pytest.approx(1, abs=0.1)
    assert values["grain.mid"] == pytest.approx(6, rel=0.08)
    coarse = read(grainy(6, kind="coarse")).values
    assert coarse["grain.size_px"] == pytest.approx(1.75, rel=0.15)
    assert read(grainy(6, "edges", 0.2)).values["grain.centre_edge"] < 0.6


def test_a_clean_picture_has_no_grain_and_says_so():
    reading = read(scene())
    assert reading.values["grain.strength"] < 0.8
    assert reading.missing["grain.uniformity"].status == "not_applicable"
    assert "no grain" in reading.missing["grain.uniformity"].reason


def test_a_small_picture_abstains():
    reading = read(scene()[:120, :120])
    assert not reading.values
    assert {m.status for m in reading.missing.values()} == {"abstained"}


def test_zones_that_the_picture_lacks_are_not_applicable():
    dark = np.full((400, 400, 3), 30, np.uint8)
    rng = np.random.default_rng(0)
    made = add_grain(dark, "white", 4, np.ones((400, 400), np.float32), rng)
    reading = read(made.pixels)
    assert reading.values["grain.shadow"] == pytest.approx(4, rel=0.1)
    assert reading.missing["grain.highlight"].status == "not_applicable"


def test_evidence_is_the_grain_map():
    evidence = read(grainy(6, "half", 0.2)).evidence
    shown = np.array(evidence["grain_map"])
    assert shown.shape == np.array(evidence["trust"]).shape
    assert shown.min() < -0.4 and shown.max() > 0.2


def test_a_smooth_face_has_a_low_face_ratio(monkeypatch):
    from types import SimpleNamespace

    box = (200.0, 120.0, 420.0, 380.0)
    pixels = grainy(6)
    pixels[120:380, 200:420] = scene()[120:380, 200:420]
    asked = []

    def faces_of(pictures):
        asked.extend(pictures)
        return [[SimpleNamespace(box=box)] for _ in pictures]

    monkeypatch.setattr("iqmetrics.nets.faces.find.faces_of", faces_of)
    scorer = Grain()
    load(scorer, "cpu")
    smooth, clean = scorer.score([picture(pixels), picture(scene())])
    assert smooth.values["grain.face_ratio"] < 0.4
    assert len(asked) == 1, "no faces are looked for where there is no grain"
    assert clean.missing["grain.face_ratio"].status == "not_applicable"


def test_without_faces_the_ratio_says_why(monkeypatch):
    assert read(grainy(5)).missing["grain.face_ratio"].reason == "no face"
    off = Grain(faces=False)
    load(off, "cpu")
    assert off.score([picture(grainy(5))])[0].missing["grain.face_ratio"].status == "unavailable"

    def faces_of(pictures):
        raise Unavailable("faces need onnxruntime", "pip install onnxruntime")

    monkeypatch.setattr("iqmetrics.nets.faces.find.faces_of", faces_of)
    lack = read(grainy(5)).missing["grain.face_ratio"]
    assert (lack.status, lack.reason) == ("unavailable", "pip install onnxruntime")


@pytest.mark.gpu
def test_gpu_and_cpu_agree():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    pictures = [picture(grainy(4)), picture(grainy(5, "half", 0.3)), picture(scene())]
    near, far = Grain(), Grain()
    load(near, "cpu")
    load(far, "cuda")
    for a, b in zip(near.score(copies(pictures)), far.score(copies(pictures)), strict=True):
        same_reading(a, b, 1e-3, 1e-3)


def test_what_has_no_grain_and_what_is_looked_at_again_is_one_number(monkeypatch):
    asked = []

    def spy(features, *rest):
        asked.append(rest[-1])
        return look_again(features, *rest)

    monkeypatch.setattr("iqmetrics.nets.grain.read.look_again", spy)
    flat = Picture(ImageRecord("a.png", "a.png"), np.full((400, 400, 3), 120, np.uint8))
    for least in (0.0, 0.5, 3.0):
        Grain(no_grain_below=least, faces=False).score([flat])
    assert asked == [0.5, 3.0]
