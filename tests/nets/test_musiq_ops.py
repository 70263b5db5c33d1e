import pytest
import torch
from torch import nn

from iqmetrics.nets import musiq_ops
from iqmetrics.nets.musiq_ops import Norm, Stem


def convolution(ins: int, outs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(ins, outs, size, stride, padding=size // 2 if stride == 1 else 0, bias=False)


def norm(channels: int) -> nn.GroupNorm:
    made = nn.GroupNorm(musiq_ops.GROUPS, channels, eps=1e-4)
    nn.init.normal_(made.weight)
    nn.init.normal_(made.bias)
    return made


@torch.no_grad()
@pytest.mark.parametrize("together", [musiq_ops.TOGETHER, 2])
def test_the_stem_is_torchs_modules_channels_last(
    monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(musiq_ops, "TOGETHER", together)
    torch.manual_seed(0)
    root, one, two = convolution(3, 64, 7, 2), convolution(64, 64, 1), convolution(64, 64, 3)
    three, beside = convolution(64, 256, 1), convolution(64, 256, 1)
    norms = [norm(channels) for channels in (64, 64, 64, 256, 256)]
    folded = torch.zeros(7, 64, 8, 4)
    folded[:, :, :7, :3] = root.weight.permute(2, 0, 3, 1)
    held = (
        folded.view(7, 64, 32),
        one.weight[..., 0, 0],
        two.weight.permute(2, 3, 0, 1).reshape(9, 64, 64),
        three.weight[..., 0, 0],
        beside.weight[..., 0, 0],
    )
    parts = [(w, Norm(n.weight, n.bias, n.eps)) for w, n in zip(held, norms, strict=True)]
    stem = Stem(*(part for pair in parts for part in pair))

    images = torch.randn(3, 3, 32, 32)
    seen = torch.relu(norms[0](root(nn.functional.pad(images, (2, 3, 2, 3)))))
    pooled = nn.functional.max_pool2d(nn.functional.pad(seen, (0, 1, 0, 1)), 3, 2)
    narrow = torch.relu(norms[1](one(pooled)))
    both = norms[3](three(torch.relu(norms[2](two(narrow))))) + norms[4](beside(pooled))

    patches = nn.functional.pad(images.permute(0, 2, 3, 1), (0, 1)).contiguous()
    x, y = musiq_ops.begin(patches, stem)
    assert torch.allclose(x, pooled.permute(0, 2, 3, 1), atol=1e-5)
    assert torch.allclose(y, narrow.permute(0, 2, 3, 1), atol=1e-5)
    found = musiq_ops.end(x, y, stem)
    assert torch.allclose(found, torch.relu(both), atol=1e-4)


def test_cuts_go_row_by_row_with_zeros_around() -> None:
    images = torch.arange(2 * 3 * 40 * 64).view(2, 3, 40, 64) % 256
    out = torch.full((2, 4, 32, 32, 4), 9.0)
    musiq_ops.cut(images.to(torch.uint8), (40, 64), out)
    assert not out[:, :2, :12].any() and not out[:, 2:, 20:].any() and not out[..., 3].any()
    wanted = images / 127.5 - 1
    assert torch.allclose(out[1, 1, 12:, :, 2], wanted[1, 2, :20, 32:], atol=1e-6)
    assert torch.allclose(out[0, 2, :20, :, 0], wanted[0, 0, 20:, :32], atol=1e-6)


def test_cuts_are_resized_as_torch_resizes() -> None:
    images = torch.rand(1, 3, 40, 64)
    out = torch.empty(1, 1, 32, 32, 4)
    musiq_ops.cut(images, (20, 32), out)
    wanted = nn.functional.interpolate(images, (20, 32), mode="bicubic") * 2 - 1
    assert torch.allclose(out[0, 0, 6:26, :, :3].permute(2, 0, 1), wanted[0], atol=1e-6)


def test_what_is_added_stays_in_full_precision() -> None:
    norm = nn.LayerNorm(384, eps=1e-6)
    x, (y, z) = torch.randn(2, 5, 384), torch.randn(2, 2, 5, 384).half()
    kept = x.clone()
    found = musiq_ops.sum_norm(x, y, norm.weight, norm.bias, norm.eps)
    assert found.dtype == torch.float16 and torch.equal(x, kept)
    assert torch.allclose(found.float(), norm(x + y.float()), atol=2e-3)
    found = musiq_ops.add_norm(x, y, z, norm.weight, norm.bias, norm.eps)
    assert found.dtype == torch.float16 and torch.equal(x, kept + y.float() + z.float())
    assert torch.allclose(found.float(), norm(x), atol=2e-3)


def test_growing_is_exact() -> None:
    line, x = nn.Linear(8, 24), torch.randn(2, 5, 8)
    assert torch.equal(musiq_ops.grow(x, line.weight, line.bias), nn.functional.gelu(line(x)))
