import numpy as np
import pytest
from nets.faces.people import astronaut, picture, sized

from iqmetrics.nets.faces import detect, find
from iqmetrics.nets.faces.find import faces_of, is_face, is_turned, mirrored, upright


def test_the_face_its_mesh_and_its_eyes():
    (face,) = faces_of([picture(astronaut())])[0]
    assert face.flag > 0.99 and face.score > 0.9
    assert face.side == pytest.approx(95, abs=12)
    assert face.mesh.shape == (468, 3)
    eyes = face.mesh[[33, 133, 362, 263], 0]
    assert (np.diff(eyes) > 0).all(), "left to right"
    np.testing.assert_allclose(face.points[0], face.mesh[[33, 133], :2].mean(0), atol=7)


def test_a_mirror_image_gives_exactly_mirrored_faces():
    one, two = picture(astronaut()), picture(astronaut()[:, ::-1])
    assert is_turned(one) != is_turned(two)
    np.testing.assert_array_equal(upright(one), upright(two))
    (a,), (b,) = faces_of([one, two])
    flipped = mirrored(b, 512)
    assert a.score == b.score and a.flag == b.flag
    np.testing.assert_allclose(a.mesh, flipped.mesh, atol=1e-9)
    np.testing.assert_allclose(a.box, flipped.box, atol=1e-9)


def test_a_symmetric_picture_is_not_turned():
    half = astronaut()[:, :256]
    assert not is_turned(picture(np.hstack([half, half[:, ::-1]])))


def test_found_once_for_everyone_who_asks(monkeypatch):
    calls = []
    real = detect.detect
    monkeypatch.setattr(detect, "detect", lambda p: calls.append(len(p)) or real(p))
    pictures = [picture(astronaut()), picture(sized(astronaut(), 300))]
    faces_of(pictures[:1])
    faces_of(pictures)
    faces_of(pictures)
    assert calls == [1, 1]


def test_largest_first():
    scene = np.full((512, 900, 3), 90, np.uint8)
    scene[:300, :300] = sized(astronaut(), 300)
    scene[:512, 388:] = astronaut()
    faces = faces_of([picture(scene)])[0]
    assert len(faces) == 2 and faces[0].side > faces[1].side


@pytest.mark.parametrize(
    ("score", "flag", "yes"),
    [(0.9, 0, True), (0.7, 0.995, True), (0.7, 0.9, False), (0.55, 0.99, False), (0.55, 1, True)],
)
def test_what_counts_as_a_face(score, flag, yes):
    assert is_face(score, flag) is yes


FACELESS = (
    *("brick", "cell", "chelsea", "coffee", "coins", "color", "grass", "gravel", "horse"),
    *("hubble_deep_field", "ihc", "logo", "moon", "motorcycle_left", "page", "retina", "rocket"),
    *("clock_motion", "text", "phantom", "chessboard_RGB"),
)


def test_no_face_in_pictures_without_one():
    from pathlib import Path

    from PIL import Image

    folder = Path(pytest.importorskip("skimage.data").__file__).parent
    files = [f for name in FACELESS for f in folder.glob(f"{name}.*")]
    assert len(files) >= 15
    pictures = [picture(np.array(Image.open(f).convert("RGB"))) for f in files]
    found = faces_of(pictures)
    assert {f.name: len(n) for f, n in zip(files, found, strict=True) if n} == {}


def test_nothing_from_nothing():
    assert faces_of([]) == []
    assert find.trace_found([], []) == []
