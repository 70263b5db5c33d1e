"""What is no photograph of a bare, lit face: known pictures, the mirror, the arithmetic."""

import cv2
import numpy as np
import pytest
from nets.faces.people import astronaut, frontal, picture, sized

from iqmetrics.nets.faces import style
from iqmetrics.nets.faces.canonical import SIZE
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.measure import DEEP
from iqmetrics.nets.faces.pose import take_apart
from iqmetrics.scorers.face import Face


def answer(pixels):
    """The reading, and the reason given for its one face."""
    reading = Face(backend="embedded").score([picture(pixels)])[0]
    (face,) = reading.evidence["faces"]
    return reading, face["reason"]


def mesh_of(pixels):
    return faces_of([picture(pixels)])[0][0].mesh


def cartoon():
    """A drawn face: flat skin, black outlines, large round eyes."""
    image = np.full((512, 512, 3), (150, 200, 230), np.uint8)
    black, line = (20, 20, 20), cv2.LINE_AA
    cv2.ellipse(image, (256, 250), (150, 180), 0, 0, 360, (90, 60, 40), -1, line)
    cv2.ellipse(image, (256, 270), (125, 150), 0, 0, 360, (250, 215, 190), -1, line)
    cv2.ellipse(image, (256, 270), (125, 150), 0, 0, 360, black, 3, line)
    for x in (205, 307):
        cv2.ellipse(image, (x, 260), (26, 34), 0, 0, 360, (255, 255, 255), -1, line)
        cv2.ellipse(image, (x, 260), (26, 34), 0, 0, 360, black, 3, line)
        cv2.circle(image, (x, 264), 16, (40, 90, 160), -1, line)
        cv2.circle(image, (x, 264), 8, black, -1, line)
        cv2.ellipse(image, (x, 212), (28, 10), 0, 180, 360, black, 5, line)
    cv2.line(image, (256, 285), (250, 315), black, 3, line)
    cv2.ellipse(image, (256, 350), (38, 16), 0, 0, 180, (190, 60, 70), -1, line)
    return image


def half_black():
    """The portrait with one half of the face, and all around it, in black shadow."""
    scene = sized(astronaut(), 900)
    across = mesh_of(scene)[[1, 152, 10], 0].mean()
    shade = np.clip((np.arange(900) - across) / 30 + 0.5, 0, 1)
    return (scene * (0.02 + 0.4 * shade)[None, :, None]).astype(np.uint8)


def patched():
    """The portrait with a card in front of one eye."""
    scene = sized(astronaut(), 900)
    points = mesh_of(scene)[:, :2]
    (x, y), apart = points[[33, 133]].mean(0), np.ptp(points[[33, 263], 0])
    wide, high = 0.3 * apart, 0.27 * apart
    corner = (int(x - wide), int(y - high)), (int(x + wide), int(y + high))
    scene = scene.copy()
    cv2.rectangle(scene, *corner, (60, 110, 70), -1)
    return scene


@pytest.mark.parametrize(
    ("make", "reason"), [(cartoon, "drawn"), (half_black, "dark"), (patched, "cover")]
)
def test_what_is_no_bare_face_in_a_photograph_is_not_judged_and_says_why(make, reason):
    reading, why = answer(make())
    assert reading.values == {"face.count": 1.0}
    assert reading.missing["face.malformed"].status == "abstained"
    assert reason in why and reason in reading.missing["face.malformed"].reason


@pytest.mark.parametrize("make", [cartoon, half_black, patched])
def test_the_mirror_image_gets_the_same_answer(make):
    one, two = answer(make()), answer(make()[:, ::-1])
    assert one[0].values == two[0].values and one[1] == two[1]


@pytest.mark.parametrize("side", [400, 512, 900])
def test_a_photograph_is_judged_at_any_size(side):
    reading, why = answer(sized(astronaut(), side))
    assert why is None and reading.values["face.malformed"] < 0.5


@pytest.mark.parametrize("light", [0.4, 1.3])
def test_a_dim_or_bright_photograph_is_judged(light):
    _, why = answer(np.clip(astronaut() * light, 0, 255).astype(np.uint8))
    assert why is None


def test_black_share_of_a_face_is_what_was_painted_black():
    (face,) = faces_of([picture(astronaut())])[0]
    front = frontal(astronaut(), take_apart(face.mesh).symmetric, face.square)
    before = style.black_share(front)
    front[:, : SIZE // 2] = 0
    assert before < 0.2
    assert 0.5 <= style.black_share(front) < 0.5 + before
    front[:] = 255
    assert style.black_share(front) == 0


def test_pooling_takes_the_mean_of_each_channel():
    layers = np.concatenate([np.repeat([[1.0, 2.0]], 3, 1), [[5.0, 7.0, 9.0, 11.0]]], 1)
    got = style.pooled(layers.astype(np.float32), ((3, 2), (2, 2)))
    np.testing.assert_allclose(got, [[1, 1.5, 2, 6, 10]])


def test_each_gate_is_a_weighted_sum_with_its_level(monkeypatch):
    known = {
        "drawn": np.ones(2),
        "hidden": np.array([1, 0, 0, -2.0]),
        "levels": np.array([-3, 1.0]),
    }
    monkeypatch.setattr(style, "constants", lambda: known)
    even, off = np.array([1.0, 1.5]), np.array([9.0, 2.0])
    assert style.drawn(even) == -0.5
    assert style.hidden(even, off) == 1 + 1 - 4
    bright = np.full((SIZE, SIZE, 3), 200, np.uint8)
    assert style.unlike_a_photo(bright, even, off, 0.07) is None
    assert style.unlike_a_photo(bright, even, off, 0.09) == style.UNSETTLED
    assert style.unlike_a_photo(bright, 2 * even, off, 0.02) == style.DRAWN
    assert style.unlike_a_photo(bright, even, off * [1, 0], 0.02) == style.COVERED
    assert style.unlike_a_photo(bright * 0, 2 * even, off, 0.02) == style.DARK


def test_the_shipped_gates_read_all_channels():
    channels = sum(c for c, _ in DEEP)
    known = style.constants()
    assert known["drawn"].shape == (channels,) and known["hidden"].shape == (2 * channels,)
    assert np.isfinite(known["hidden"]).all() and (known["drawn"] != 0).mean() > 0.9
