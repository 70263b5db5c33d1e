"""The text networks' GPU code on the CPU: what comes back is what the whole answer holds."""

import numpy as np
import pytest
from lettering import drawn, pictured

pytest.importorskip("torch")
pytest.importorskip("rapidocr")

import torch

from iqmetrics.nets.onnx_torch.fetch import fetched
from iqmetrics.nets.onnx_torch.shrink import shrunk
from iqmetrics.nets.text import recognise, torch_nets
from iqmetrics.nets.text.detect import heat_map, heat_maps, seen_size
from iqmetrics.nets.text.readability import ctc_likelihood
from iqmetrics.nets.text.runtime import Runtime, alphabet, find, open_net
from iqmetrics.nets.text.torch_nets import TorchDetector, TorchRecogniser, signed


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(torch_nets, "COLUMNS", 2 * 320)
    monkeypatch.setattr(torch_nets, "PIXELS", 2 * 320 * 160)


@pytest.fixture(scope="module")
def recogniser():
    return TorchRecogniser(find("recogniser"), "cpu", False, recognise.fitted)


def crops():
    words = ("HOTEL", "Fresh Bread", "42")
    return [drawn({(4, 2): w}, 40, 26 * len(w) + 12, 52) for w in words]


def test_bytes_and_mask_become_the_nets_input():
    for crop in crops():
        made = signed(torch.from_numpy(recognise.fitted(crop)[None])).numpy()[0]
        assert np.array_equal(made, recognise.prepared(crop))
        assert (recognise.fitted(crop)[..., 3] == 0).any() and (made[:, :, -1] == 0).all()


def test_the_same_strings_as_onnxruntime(recogniser):
    there = recognise.read(recogniser, crops(), alphabet())
    here = recognise.read(open_net("recogniser", Runtime()), crops(), alphabet())
    assert [r.text for r in there] == [r.text for r in here] and all(r.text for r in here)
    for a, b in zip(there, here, strict=True):
        np.testing.assert_allclose(a.characters, b.characters, atol=1e-4)


def test_likelihoods_are_those_of_the_forward_algorithm(recogniser):
    number = {c: k + 1 for k, c in enumerate(alphabet())}
    classes = [[number[c] for c in word] for word in ("HOTTEL", "Fresh Bread", "4")]
    found = recogniser.likelihoods([*crops(), crops()[0]], [*classes, []])
    answers = recognise.probabilities(recogniser, crops())
    wanted = [ctc_likelihood(a, c) for a, c in zip(answers, classes, strict=True)]
    assert found[:3] == pytest.approx(wanted, rel=1e-6, abs=1e-12) and found[3] == 0
    assert wanted[1] > 0.9 > wanted[0]


def test_a_string_longer_than_the_answer_has_no_likelihood():
    answer = torch.full((1, 3, 5), 0.2)
    assert torch_nets._likelihood(answer, [[1, 1, 2]]).item() == 0
    assert torch_nets._likelihood(answer, [[1, 2]]).item() == pytest.approx(
        ctc_likelihood(answer[0].numpy(), [1, 2]), rel=1e-6
    )


def test_nothing_to_read_is_nothing_read(recogniser):
    assert recogniser.greedy([]) == [] and recogniser.likelihoods([], []) == []


def test_heat_maps_of_unlike_sizes_and_ways():
    sheet = drawn({(60, 50): "OPEN LATE"})
    frames = [(sheet, 320), (sheet, 160), (np.ascontiguousarray(sheet[:, :160]), 320), (sheet, 320)]
    torch_net = TorchDetector(find("detector"), "cpu", False)
    onnx = open_net("detector", Runtime())
    for found, frame in zip(heat_maps(torch_net, frames), frames, strict=True):
        wanted = heat_map(onnx, *frame)
        assert found[0].shape == wanted[0].shape and found[1:] == wanted[1:]
        assert np.abs(found[0] - wanted[0]).max() < (0.05 if frame[1] == 160 else 1e-4)
    assert heat_map(torch_net, *frames[0])[0] == pytest.approx(
        heat_map(onnx, *frames[0])[0], abs=1e-4
    )


@pytest.mark.parametrize(
    ("shape", "side", "here"),
    [
        ((320, 320), 320, False),  # as it is
        ((320, 320), 160, False),  # halved: averaged where the net runs
        ((320, 320), 288, True),  # a little smaller: not by averages
        ((320, 320), 640, True),  # enlarged
        ((20, 640), 320, True),  # averaged across, but taller than it was: 20 to 32
    ],
)
def test_only_averages_are_taken_where_the_net_runs(shape, side, here):
    """The others are resized as onnxruntime's pictures are, by the same function."""
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    asked = []

    def scaled(image, longest):
        asked.append(longest)
        high, wide, _ = seen_size(image.shape, longest)
        return np.zeros((high, wide, 3), np.uint8)

    (made,) = TorchDetector(find("detector"), "cpu", False)._there([(pixels, side)], scaled, [None])
    assert asked == ([side] if here else [])
    assert made.shape == (*seen_size(shape, side)[:2], 3)
    if shape == (320, 320) and side == 160:
        wanted = pixels.reshape(160, 2, 160, 2, 3).mean((1, 3))
        assert np.abs(made.numpy().astype(float) - wanted).max() <= 0.51


def test_strings_of_unlike_length_in_one_batch_are_those_alone():
    odds = torch.softmax(torch.randn(3, 9, 7, generator=torch.Generator().manual_seed(0)), 2)
    classes = [[1, 2, 2, 5], [3], [6, 1]]
    together = torch_nets._likelihood(odds, classes)
    alone = [torch_nets._likelihood(odds[i : i + 1], [c]).item() for i, c in enumerate(classes)]
    assert together.tolist() == pytest.approx(alone)
    wanted = [ctc_likelihood(o.numpy(), c) for o, c in zip(odds, classes, strict=True)]
    assert together.tolist() == pytest.approx(wanted, rel=1e-5)


def test_pictures_of_one_size_are_averaged_together(monkeypatch):
    sizes = []

    def counted(pixels, to):
        sizes.append((len(pixels), to))
        return shrunk(pixels, to)

    monkeypatch.setattr(torch_nets, "shrunk", counted)
    draw = np.random.default_rng(0)
    shapes = [(320, 320), (64, 320), (320, 320), (320, 320)]
    shown = [draw.integers(0, 256, (*shape, 3), np.uint8) for shape in shapes]
    detector = TorchDetector(find("detector"), "cpu", False)
    pictures = [pictured(shown[0].copy()), None, None, pictured(shown[3].copy())]
    made = detector._there([(p, 160) for p in shown], None, pictures)
    assert sorted(sizes) == [(1, (32, 160)), (3, (160, 160))]
    for one, pixels in zip(made, shown, strict=True):
        assert torch.equal(one, shrunk(torch.from_numpy(pixels)[None], one.shape[:2])[0])


def test_all_widths_are_waited_for_once(recogniser, monkeypatch):
    waits = []

    def counted(tensors):
        waits.append(len(tensors))
        return fetched(tensors)

    monkeypatch.setattr(torch_nets, "fetched", counted)
    lines = [*crops(), drawn({(4, 2): "A LONG LINE OF LETTERS"}, 40, 640, 52)]
    assert len(recogniser.greedy(lines)) == 4
    assert len({recognise.fitted(line).shape for line in lines}) == 2 and waits == [2 * 2]
