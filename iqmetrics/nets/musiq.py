"""MUSIQ faster than pyiqa runs it: whole batches, no padded tokens, fused attention.

The net, its weights and its patches are pyiqa's own, used as a package; only how they are run
differs. Tokens that pad a small picture never reach the answer, so they are left out.
"""

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from iqmetrics.nets.musiq_ops import unit


def fastest(net: Any) -> Callable[[Tensor], Tensor]:
    """What scores (n, 3, height, width) images, bytes or 0..1, the fastest where the net is.

    On a GPU in float16 (see `musiq_quick`), else by `scores`.
    """
    if next(net.parameters()).is_cuda:
        from iqmetrics.nets.musiq_quick import Quick

        return Quick(net, torch.float16)
    quicken(net)
    return partial(scores, net)


def quicken(net: Any) -> None:
    """Let every attention of a MUSIQ net run fused; the net then takes no padded tokens."""
    for block in net.transformer_encoder.transformer.values():
        block.attention.forward = MethodType(_attend, block.attention)


def _attend(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Multi-head attention of (batch, tokens, dim) without a mask."""
    n, tokens, dim = x.shape

    def heads(y: Tensor) -> Tensor:
        return y.view(n, tokens, self.num_heads, dim // self.num_heads).transpose(1, 2)

    q, k, v = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
    mixed = F.scaled_dot_product_attention(q, k, v, scale=self.scale)
    out: Tensor = self.out(mixed.transpose(1, 2).reshape(n, tokens, dim))
    return out


@torch.inference_mode()
def scores(net: Any, images: Tensor, half: bool = False) -> Tensor:
    """MUSIQ of (n, 3, height, width) images, bytes or 0..1, all of one size; (n,) in float32.

    `half` computes in float16 where that is safe (CUDA only).
    """
    from pyiqa.archs.arch_util import dist_to_mos
    from pyiqa.data.multiscale_trans_util import get_multiscale_patches

    side = net.patch_size
    tokens = get_multiscale_patches((unit(images) - 0.5) * 2, **net.data_preprocess_opts)
    tokens = tokens[:, tokens[0, :, -1].bool()]
    place, scale = tokens[0, :, -3].long(), tokens[0, :, -2].long()
    patches = tokens[..., :-3].reshape(-1, 3, side, side)
    with torch.autocast(images.device.type, torch.float16, enabled=half):
        x = net.block1(net.root_pool(net.gn_root(net.conv_root(patches))))
        x = net.embedding(x.permute(0, 2, 3, 1).reshape(len(images), len(place), -1))
        n, count = x.shape[:2]
        ones = torch.ones((n, count), dtype=torch.bool, device=x.device)
        x = net.transformer_encoder(x, place.expand(n, -1), scale.expand(n, -1), ones)
    answer = net.head(x[:, 0].float())
    found: Tensor = dist_to_mos(answer.float()).flatten()
    return found
