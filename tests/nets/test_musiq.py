from types import SimpleNamespace

import pytest
import torch

from iqmetrics.nets import musiq

pytest.importorskip("pyiqa")


@pytest.fixture(scope="module")
def metric() -> object:
    import pyiqa

    torch.manual_seed(0)
    return pyiqa.create_metric("musiq", device=torch.device("cpu"), pretrained=False)


def test_fused_attention_is_attention() -> None:
    torch.manual_seed(1)
    layers = {name: torch.nn.Linear(12, 12) for name in ("query", "key", "value", "out")}
    block = SimpleNamespace(num_heads=3, scale=0.4, **layers)
    x = torch.randn(2, 5, 12)
    wanted = torch.empty(2, 5, 12)
    q, k, v = (layers[n](x) for n in ("query", "key", "value"))
    for head in range(3):
        part = slice(4 * head, 4 * head + 4)
        shares = (q[..., part] @ k[..., part].transpose(1, 2) * 0.4).softmax(-1)
        wanted[..., part] = shares @ v[..., part]
    assert torch.allclose(musiq._attend(block, x), layers["out"](wanted), atol=1e-6)


def test_a_batch_equals_pyiqa_one_by_one(metric: object) -> None:
    torch.manual_seed(2)
    images = torch.rand(3, 3, 70, 90)
    with torch.no_grad():
        wanted = [float(metric(image[None])) for image in images]  # type: ignore[operator]
    net = metric.net  # type: ignore[attr-defined]
    musiq.quicken(net)
    assert musiq.scores(net, images, half=False).tolist() == pytest.approx(wanted, rel=1e-5)
    assert len(set(wanted)) == 3
