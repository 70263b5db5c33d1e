import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from iqmetrics.nets.grain import again
from iqmetrics.nets.grain.again import CLEAR, LEAST_TRUST, NO_GRAIN, look_again, noisier_half
from iqmetrics.nets.grain.bands import FEATURES
from iqmetrics.nets.grain.read import look
from iqmetrics.nets.grain.synthesis import add_grain

SIDE = 8


def features(energy: np.ndarray) -> torch.Tensor:
    """Tiles with log energies [rows, columns] and nothing else."""
    made = torch.zeros(1, *energy.shape, len(FEATURES))
    made[0, ..., 0] = torch.tensor(energy)
    return made


def halves(left: float, right: float) -> np.ndarray:
    """Standard deviations of the two halves, as log energies with a little order in them."""
    sigma = np.where(np.arange(SIDE) < SIDE // 2, left, right)[None].repeat(SIDE, 0)
    return 2 * np.log(sigma) + np.linspace(0, 1e-3, SIDE * SIDE).reshape(SIDE, SIDE)


def told(monkeypatch, sigma: float, error: float) -> None:
    """The network sees `sigma` in every tile, with this error."""

    def judge(x, given, among=None):
        flat = torch.zeros(x.shape[:-1])
        return flat + float(np.log(sigma)), flat + error, flat + 0.5

    monkeypatch.setattr(again, "judge", judge)


def ask(energy: np.ndarray, clipped: float = 0) -> tuple[tuple[torch.Tensor, ...], bool]:
    x = features(energy)
    flat = torch.zeros(1, *energy.shape)
    first = (flat - 1, flat + 0.9, flat + 0.1)
    merged, found = look_again(x, first, flat + clipped, {})
    return merged, bool(found[0])


def test_the_noisier_half_is_half_of_the_tiles():
    rng = np.random.default_rng(0)
    energy = torch.tensor(rng.normal(0, 1, (3, 6, 10)), dtype=torch.float32)
    x = torch.zeros(3, 6, 10, len(FEATURES))
    x[..., 0] = energy
    half = noisier_half(x)
    assert half.sum((1, 2)).tolist() == [30, 30, 30]
    for n in range(3):
        assert energy[n][half[n] == 0].max() < energy[n][half[n] == 1].min()


def test_images_do_not_share_their_halves():
    x = torch.cat([features(halves(1, 4)), features(halves(100, 400))])
    assert torch.equal(noisier_half(x)[0], noisier_half(x)[1])


def test_grain_beside_a_smooth_half_is_found_and_takes_only_its_half(monkeypatch):
    told(monkeypatch, sigma=4, error=0.2)
    (strength, error, size), found = ask(halves(0.3, 4))
    assert found
    assert strength[0, :, 4:].exp().mean().item() == pytest.approx(4, rel=1e-5)
    assert (strength[0, :, :4] == -1).all(), "the quiet half keeps its first reading"
    assert (error[0, :, 4:] == 0.2).all() and torch.allclose(error[0, :, :4], torch.tensor(0.9))
    assert (size[0, :, 4:] == 0.5).all() and torch.allclose(size[0, :, :4], torch.tensor(0.1))


@pytest.mark.parametrize(
    ("why", "left", "sigma", "error"),
    [
        ("weaker than twice the least", 0.3, 0.95 * CLEAR * NO_GRAIN, 0.2),
        ("not trusted", 0.3, 4, 0.5),
        ("nothing is quieter: texture all over", 2.5, 4, 0.2),
    ],
)
def test_what_is_weak_doubtful_or_everywhere_does_not_count(monkeypatch, why, left, sigma, error):
    told(monkeypatch, sigma, error)
    assert not ask(halves(left, 4))[1], why


@pytest.mark.parametrize(("spread", "counts"), [(0.2, True), (0.3, False)])
def test_what_differs_within_the_half_is_texture(monkeypatch, spread, counts):
    def judge(x, given, among=None):
        flat = torch.zeros(x.shape[:-1])
        rows = torch.where(torch.arange(SIDE) % 2 > 0, spread, -spread)[:, None]
        return flat + float(np.log(4)) + rows, flat + 0.2, flat

    monkeypatch.setattr(again, "judge", judge)
    assert ask(halves(0.3, 4))[1] is counts


def test_clipped_tiles_say_nothing(monkeypatch):
    told(monkeypatch, sigma=4, error=0.05)
    assert ask(halves(0.3, 4), clipped=0.05)[1]
    assert not ask(halves(0.3, 4), clipped=0.5)[1]


def test_trust_is_asked_of_the_half_and_not_of_the_frame(monkeypatch):
    error = 0.2 * (1 / (1.2 * LEAST_TRUST) - 1) ** 0.5
    told(monkeypatch, sigma=4, error=error)
    assert ask(halves(0.3, 4))[1]


def foliage(side: int = 400) -> np.ndarray:
    """Dense detail, the kind that grain hides in: leaves of every brightness, [side, side, 3]."""
    rng = np.random.default_rng(16)
    plane = np.full((side + 32, side + 32), 60.0)
    y, x = np.mgrid[-16:17, -16:17]
    for _ in range(3000):
        top, left = rng.integers(0, side, 2)
        leaf = np.hypot(y, x * rng.uniform(0.5, 2)) < rng.uniform(1, 7)
        plane[top : top + 33, left : left + 33][leaf] = rng.uniform(60, 100)
    sharp = Image.fromarray(plane[16:-16, 16:-16].astype(np.uint8))
    return np.asarray(sharp.filter(ImageFilter.GaussianBlur(1.0)).convert("RGB"))


def retouched(pixels: np.ndarray) -> np.ndarray:
    """Saved as JPEG, then blurred inside an ellipse, as a face would be."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=80)
    shot = Image.open(buffer)
    soft = np.asarray(shot.filter(ImageFilter.GaussianBlur(2.5)), float)
    y, x = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
    share = 1 / (1 + np.exp((np.hypot(y, x) / 0.8 - 1) * 10))[..., None]
    return np.rint(share * soft + (1 - share) * np.asarray(shot)).astype(np.uint8)


def test_grain_around_a_smoothed_middle_of_foliage_is_found():
    clean = foliage()
    rng = np.random.default_rng(2)
    even = np.ones(clean.shape[:2], np.float32)
    grainy = retouched(add_grain(clean, "film", 4, even, rng).pixels)
    found = look([grainy])
    assert found.fullest[0] > CLEAR * NO_GRAIN
    assert found.uniformity[0] < 0.3
    assert look([retouched(clean)]).fullest[0] < NO_GRAIN, "the same without grain has none"
    once = look([grainy], no_grain_below=0.0)
    assert once.fullest[0] < NO_GRAIN, "one look does not see it"


def test_pictures_with_grain_and_without_need_no_second_look(monkeypatch):
    rng = np.random.default_rng(3)
    flat = np.full((400, 400, 1), 120.0)
    grainy = np.rint(flat + rng.normal(0, 4, flat.shape)).astype(np.uint8).repeat(3, 2)
    bare = flat.astype(np.uint8).repeat(3, 2)
    asked = []

    def spy(features, *rest):
        asked.append(len(features))
        return look_again(features, *rest)

    monkeypatch.setattr("iqmetrics.nets.grain.read.look_again", spy)
    look([grainy])
    assert not asked
    found = look([grainy, bare, grainy])
    assert asked == [1], "only the picture without grain is looked at again"
    assert found.fullest[1] < NO_GRAIN < found.fullest[0]


def test_a_second_look_changes_its_own_picture_alone(monkeypatch):
    rng = np.random.default_rng(3)
    flat = np.full((400, 400, 1), 120.0)
    grainy = np.rint(flat + rng.normal(0, 4, flat.shape)).astype(np.uint8).repeat(3, 2)
    bare = flat.astype(np.uint8).repeat(3, 2)

    def finds(features, first, *rest):
        return tuple(t + 2 for t in first), torch.ones(len(features), dtype=torch.bool)

    before = look([grainy, bare])
    monkeypatch.setattr("iqmetrics.nets.grain.read.look_again", finds)
    after = look([grainy, bare])
    assert after.fullest[1] == pytest.approx(before.fullest[1] * np.exp(2), rel=1e-3)
    for name in ("uniformity", "strength", "fullest", "size", "zones", "trust"):
        assert getattr(after, name)[0] == pytest.approx(getattr(before, name)[0], rel=1e-5), name
