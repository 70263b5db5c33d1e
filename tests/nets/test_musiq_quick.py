import pytest
import torch

from iqmetrics.nets import musiq, musiq_ops, musiq_quick

pytest.importorskip("pyiqa")


@pytest.fixture(scope="module")
def metric() -> object:
    import pyiqa

    torch.manual_seed(0)
    return pyiqa.create_metric("musiq", device=torch.device("cpu"), pretrained=False)


@pytest.mark.parametrize("size", [(70, 90), (224, 96), (33, 257)])
def test_equals_pyiqa_one_by_one(metric: object, size: tuple[int, int]) -> None:
    torch.manual_seed(2)
    images = torch.rand(2, 3, *size)
    with torch.no_grad():
        wanted = [float(metric(image[None])) for image in images]  # type: ignore[operator]
    quick = musiq_quick.Quick(metric.net, torch.float32)  # type: ignore[attr-defined]
    assert quick.do is musiq_ops
    assert quick(images).tolist() == pytest.approx(wanted, rel=1e-5)


def test_the_first_steps_are_those_of_the_net(metric: object) -> None:
    net = metric.net  # type: ignore[attr-defined]
    quick = musiq_quick.Quick(net, torch.float32)
    images = torch.rand(1, 3, 32, 64)
    patches, told = quick._patches(images)
    encoder = net.transformer_encoder
    place, scale = encoder.posembed_input.position_emb[0], encoder.scaleembed_input.scale_emb
    assert torch.allclose(told[-2:], place[[0, 5]] + scale[2])
    x, y = musiq_ops.begin(patches[0, -2:], quick.stem)
    found = musiq_ops.end(x, y, quick.stem)
    with torch.no_grad():
        for number, patch in enumerate((images[..., :32], images[..., 32:])):
            pooled = net.root_pool(net.gn_root(net.conv_root(patch * 2 - 1)))
            assert torch.allclose(x[number], pooled[0].permute(1, 2, 0), atol=1e-4)
            assert torch.allclose(found[number], net.block1(pooled)[0], atol=1e-3)


def test_bytes_are_what_they_stand_for(metric: object) -> None:
    images = torch.randint(0, 256, (2, 3, 50, 40), dtype=torch.uint8)
    quick = musiq_quick.Quick(metric.net, torch.float32)  # type: ignore[attr-defined]
    assert torch.equal(quick(images), quick(images.float() / 255))


def test_a_net_on_the_cpu_is_run_as_before(metric: object) -> None:
    net = metric.net  # type: ignore[attr-defined]
    images = torch.rand(1, 3, 40, 40)
    wanted = musiq_quick.Quick(net, torch.float32)(images)
    assert torch.allclose(musiq.fastest(net)(images), wanted, rtol=1e-5)


@pytest.mark.gpu
def test_half_precision_stays_near(metric: object) -> None:
    import copy

    net = copy.deepcopy(metric.net)  # type: ignore[attr-defined]
    images = torch.rand(2, 3, 256, 320)
    wanted = musiq_quick.Quick(net, torch.float32)(images)
    found = musiq.fastest(net.cuda())(images.cuda()).cpu()
    assert torch.allclose(found, wanted, atol=5e-3)
