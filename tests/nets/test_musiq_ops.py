import torch
from torch import nn

from iqmetrics.nets import musiq_ops


def norms(channels: int) -> tuple[nn.GroupNorm, torch.Tensor]:
    torch.manual_seed(channels)
    norm = nn.GroupNorm(musiq_ops.GROUPS, channels, eps=1e-4)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm, torch.randn(3, channels, 8, 8)


def last(planes: torch.Tensor) -> torch.Tensor:
    return planes.permute(0, 2, 3, 1).contiguous()


def test_they_are_torchs_modules_channels_last() -> None:
    norm, x = norms(64)
    wanted = torch.relu(norm(x))
    found = musiq_ops.norm_relu(last(x), norm.weight, norm.bias, norm.eps)
    assert torch.allclose(found, last(wanted), atol=1e-6)
    both = musiq_ops.norm_sum(
        last(x), norm.weight, norm.bias, last(-x), norm.weight, norm.bias, norm.eps
    )
    assert torch.allclose(both, last(torch.relu(norm(x) + norm(-x))), atol=1e-5)
    pooled = musiq_ops.norm_pool(last(x), norm.weight, norm.bias, norm.eps)
    wanted = nn.functional.max_pool2d(nn.functional.pad(wanted, (0, 1, 0, 1)), 3, 2)
    assert pooled.shape == (3, 4, 4, 64) and torch.allclose(pooled, last(wanted), atol=1e-6)


def test_what_is_added_stays_in_full_precision() -> None:
    norm = nn.LayerNorm(384, eps=1e-6)
    x, y = torch.randn(2, 5, 384), torch.randn(2, 5, 384).half()
    kept = x.clone()
    found = musiq_ops.add_norm(x, y, norm.weight, norm.bias, norm.eps)
    assert found.dtype == torch.float16 and torch.equal(x, kept + y.float())
    assert torch.allclose(found.float(), norm(x), atol=2e-3)
