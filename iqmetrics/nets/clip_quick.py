"""The blocks of a CLIP image tower as a GPU likes them: the same weights in fewer passes.

A sum and the norm that follows it are one pass, and so are a linear layer and its GELU, which then
is the tanh form (within 5e-4 of the exact one, as much as float16 rounds values near 1). Queries,
keys and values come from one product.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from iqmetrics.nets.add_norm import add_norm

BEND = 1.702
"""QuickGELU(x) = x sigmoid(BEND x)."""


def quicken(tower: Any) -> None:
    """Let the blocks of a trimmed tower, in float16 on a GPU, run in few passes."""
    blocks = [getattr(block, "block", block) for block in tower.transformer.resblocks]
    if all(_known(block) for block in blocks):
        tower.transformer = Blocks(blocks)


def _known(block: Any) -> bool:
    from open_clip.transformer import LayerScale, QuickGELU

    scales = (nn.Identity, LayerScale)
    return (
        type(block.mlp.gelu) in (nn.GELU, QuickGELU)
        and isinstance(block.ls_1, scales)
        and isinstance(block.ls_2, scales)
        and block.attn.in_proj_weight is not None
    )


class Blocks(nn.Module):
    """Blocks of open_clip, of which the last answers its first token only, (n, 1, width)."""

    def __init__(self, blocks: Sequence[Any]) -> None:
        super().__init__()
        self.steps = [_Block(block) for block in blocks]

    def forward(self, tokens: Tensor) -> Tensor:
        """The answer for the first of (n, length, width) tokens."""
        x = tokens.contiguous()
        y = torch.zeros_like(x)
        for step in self.steps[:-1]:
            y = step(x, y)
        last = self.steps[-1]
        seen = last.first(x, y)
        x = x[:, :1].contiguous()
        y = last.second(x, last.attended(seen[:, :1], seen))
        return x + y


class _Block:
    def __init__(self, block: Any) -> None:
        own, mlp = block.attn, block.mlp
        self.heads = own.num_heads
        self.norms = block.ln_1, block.ln_2
        self.ask = own.in_proj_weight, own.in_proj_bias
        self.out = _scaled(own.out_proj, block.ls_1)
        self.bent = type(mlp.gelu) is not nn.GELU
        self.grow = mlp.c_fc.weight, mlp.c_fc.bias
        self.shrink = _scaled(mlp.c_proj, block.ls_2)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """What is still to be added to `x` (n, tokens, width), after adding `y` to it."""
        seen = self.first(x, y)
        return self.second(x, self.attended(seen, seen))

    def first(self, x: Tensor, y: Tensor) -> Tensor:
        norm = self.norms[0]
        return add_norm(x, y, norm.weight, norm.bias, norm.eps)

    def attended(self, askers: Tensor, seen: Tensor) -> Tensor:
        n, _, width = seen.shape
        if askers is seen:
            q, k, v = F.linear(seen, *self.ask).chunk(3, -1)
        else:
            weight, bias = self.ask
            q = F.linear(askers, weight[:width], bias[:width])
            k, v = F.linear(seen, weight[width:], bias[width:]).chunk(2, -1)
        q, k, v = (t.view(n, t.shape[1], self.heads, -1).transpose(1, 2) for t in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v)
        return F.linear(mixed.transpose(1, 2).flatten(2), *self.out)

    def second(self, x: Tensor, y: Tensor) -> Tensor:
        norm = self.norms[1]
        seen = add_norm(x, y, norm.weight, norm.bias, norm.eps)
        return F.linear(self._grown(seen), *self.shrink)

    def _grown(self, seen: Tensor) -> Tensor:
        weight, bias = self.grow
        if self.bent:
            wide = F.linear(seen, weight, bias)
            return wide.mul_(torch.sigmoid(BEND * wide))
        wide = torch._addmm_activation(bias, seen.flatten(0, 1), weight.T, use_gelu=True)
        return wide.view(*seen.shape[:2], -1)


def _scaled(line: Any, scale: Any) -> tuple[Tensor, Tensor]:
    weight, bias = line.weight.detach(), line.bias.detach()
    if isinstance(scale, nn.Identity):
        return weight, bias
    by = scale.gamma.detach().float()
    return (weight.float() * by[:, None]).to(weight.dtype), (bias.float() * by).to(bias.dtype)
