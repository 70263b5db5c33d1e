import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from iqmetrics.nets.onnx_torch.fetch import fetched


def shown(device):
    whole = torch.arange(24.0).reshape(4, 6).to(device)
    return [whole, whole[:, 1:3], whole.half(), whole.long()[:0], whole[0, 0] > 1]


def as_lists(arrays):
    return [(a.dtype.name, a.shape, a.tolist()) for a in arrays]


def test_arrays_hold_the_same_numbers():
    assert as_lists(fetched(shown("cpu"))) == as_lists(t.numpy() for t in shown("cpu"))
    assert fetched([]) == []


def test_what_comes_of_a_parameter_is_an_array_too():
    (found,) = fetched([torch.nn.Parameter(torch.ones(2)).detach()])
    assert np.array_equal(found, [1, 1])


@pytest.mark.gpu
def test_from_a_gpu_too_and_nothing_is_overwritten_later():
    first = fetched(shown("cuda"))
    for _ in range(3):
        fetched([torch.full((4, 6), -1.0, device="cuda")])
    assert as_lists(first) == as_lists(t.numpy() for t in shown("cpu"))
