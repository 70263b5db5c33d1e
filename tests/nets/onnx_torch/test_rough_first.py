"""Windows that show nothing are seen in float16 alone; all finds are those of float32."""

import numpy as np
import pytest
from nets.onnx_nets import batch_of, path_of

pytest.importorskip("torch")

import torch

from iqmetrics.nets.onnx_torch.net import TorchNet
from iqmetrics.nets.onnx_torch.rough_first import RoughFirst


@pytest.fixture(scope="module")
def nets():
    return [TorchNet(path_of("face_short"), "cpu", half) for half in (True, False)]


def equal(found, wanted):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert np.array_equal(one[0], other[0]) and np.array_equal(one[2], other[2])
        assert not len(one[0]) or np.array_equal(one[1], other[1])
    return True


def test_finds_are_those_of_float32_and_few_windows_are_seen_again(nets, monkeypatch):
    rough, exact = nets
    batch = batch_of((6, 128, 128, 3))
    batch[[1, 2, 4]] *= 0.02
    most = exact.run(batch, 3)[1].max((1, 2))
    least = float(np.sort(most)[-2:].mean())
    wanted = exact.likely(batch, 3, least)
    assert sum(len(anchors) > 0 for anchors, *_ in wanted) == 1
    seen = []
    likely = exact.likely
    monkeypatch.setattr(exact, "likely", lambda b, *a: seen.append(len(b)) or likely(b, *a))
    assert equal(RoughFirst(rough, exact, 0.2).likely(batch, 4, 2, least), wanted)
    assert equal(RoughFirst(rough, exact, 0.2).likely(torch.from_numpy(batch), 4, 2, least), wanted)
    assert seen[0] == seen[1] == int((most >= least - 0.2).sum()) < len(batch)


def test_no_window_near_the_threshold_is_no_forward_in_float32(nets, monkeypatch):
    rough, exact = nets
    monkeypatch.setattr(exact, "likely", lambda *a: pytest.fail("seen again"))
    found = RoughFirst(rough, exact, 0.2).likely(batch_of((3, 128, 128, 3)), 2, 2, 100.0)
    assert [len(part) for one in found for part in one] == [0] * 9


def test_what_float16_cannot_hold_is_seen_in_float32():
    """A logit that is no number in float16 says nothing."""

    class Net:
        device = torch.device("cpu")

        def there(self, batch, step, reduce):
            logits = torch.tensor([float("nan"), float("inf"), -1.0]).reshape(3, 1, 1)
            return reduce((logits, logits), slice(0, 3))

        def likely(self, batch, step, least):
            return [(np.array([k]), batch[k], batch[k]) for k in range(len(batch))]

    found = RoughFirst(Net(), Net(), 0.5).likely(torch.arange(3.0)[:, None], 3, 3, 0.0)
    assert [len(anchors) for anchors, *_ in found] == [1, 1, 0]
