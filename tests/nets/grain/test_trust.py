import numpy as np
import torch

from iqmetrics import weights
from iqmetrics.nets.grain.bands import FEATURES
from iqmetrics.nets.grain.trust import NAME, SHAPES, judge, parameters


def test_the_shipped_parameters_have_their_shapes_and_a_licence():
    found = parameters("cpu")
    assert {name: tuple(value.shape) for name, value in found.items()} == SHAPES
    assert all(torch.isfinite(value).all() for value in found.values())
    assert weights.entry(NAME).commercial
    assert weights.entry(NAME).bytes == weights.find(NAME).stat().st_size < 500_000


def test_features_of_training_are_those_of_today():
    assert len(parameters("cpu")["mean"]) == len(FEATURES)


def test_any_grid_works_and_images_are_independent():
    rng = np.random.default_rng(0)
    given = parameters("cpu")
    x = torch.tensor(rng.normal(0, 1, (2, 5, 9, len(FEATURES))), dtype=torch.float32)
    x = x * given["scale"] + given["mean"]
    together = judge(x, given)
    assert [tuple(t.shape) for t in together] == [(2, 5, 9)] * 3
    for one, all_ in zip(judge(x[1:], given), together, strict=True):
        assert torch.allclose(one[0], all_[1], atol=1e-5)
    assert (together[1] > 0).all()


def test_mirrored_tiles_get_mirrored_answers():
    rng = np.random.default_rng(1)
    given = parameters("cpu")
    x = torch.tensor(rng.normal(0, 1, (1, 6, 6, len(FEATURES))), dtype=torch.float32)
    x = x * given["scale"] + given["mean"]
    strength, _, _ = judge(x, given)
    mirrored, _, _ = judge(x.flip(2), given)
    assert torch.allclose(mirrored.flip(2), strength, atol=1e-4)


def test_tiles_left_out_might_as_well_not_be_there():
    rng = np.random.default_rng(2)
    given = parameters("cpu")
    x = torch.tensor(rng.normal(0, 1, (2, 6, 8, len(FEATURES))), dtype=torch.float32)
    x = x * given["scale"] + given["mean"]
    among = torch.zeros(2, 6, 8)
    among[:, :, 3:] = 1
    here = judge(x, given, among)
    other = x.clone()
    other[:, :, :3] = -3.0
    there = judge(other, given, among)
    alone = judge(x[:, :, 3:], given)
    for a, b, c in zip(here, there, alone, strict=True):
        assert torch.allclose(a[:, :, 3:], b[:, :, 3:], atol=1e-5)
        assert torch.allclose(a[:, :, 3:], c, atol=1e-4)


def test_all_tiles_among_is_no_difference():
    rng = np.random.default_rng(3)
    given = parameters("cpu")
    x = torch.tensor(rng.normal(0, 1, (1, 5, 7, len(FEATURES))), dtype=torch.float32)
    x = x * given["scale"] + given["mean"]
    for a, b in zip(judge(x, given), judge(x, given, torch.ones(1, 5, 7)), strict=True):
        assert torch.allclose(a, b, atol=1e-5)
