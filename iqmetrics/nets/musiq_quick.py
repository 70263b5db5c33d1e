"""MUSIQ as a GPU likes it: the same net and weights, run in few passes over memory.

Pictures go from bytes to patches of half precision in one pass, and from there to what a token is
made of in two; weights are standardised once; sums between layers stay in float32.
"""

from functools import cache
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from iqmetrics.nets import musiq_ops, musiq_steps
from iqmetrics.nets.musiq_ops import CHANNELS, SIDE, Norm, Stem


class Quick:
    """A MUSIQ net of pyiqa's, run in `kind`.

    Args:
        net: the net, on its device; nothing in it is changed.
        kind: torch.float16 for a GPU, torch.float32 for plain torch anywhere.
    """

    def __init__(self, net: Any, kind: torch.dtype) -> None:
        self.net, self.kind = net, kind
        self.device = net.conv_root.weight.device
        self.do = musiq_steps.best(self.device) if kind == torch.float16 else musiq_ops
        self.stem = _stem(net, kind)
        weight, bias = _line(net.embedding, kind)
        weight = weight.view(len(bias), -1, len(self.stem.three)).transpose(1, 2)
        self.embed = weight.reshape(len(bias), -1), bias
        self.layers = [_Layer(m, kind) for m in net.transformer_encoder.transformer.values()]

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """MUSIQ of (n, 3, height, width), all of one size, bytes or 0..1; (n,) in float32."""
        from pyiqa.archs.arch_util import dist_to_mos

        patches, where = self._patches(images)
        x = self._tokens(patches, where)
        y = torch.zeros_like(x, dtype=self.kind)
        *layers, last = self.layers
        for layer in layers:
            y = layer(x, y, self.do)
        first = last.first(x, y, self.do)
        answer = self.net.head(self.net.transformer_encoder.encoder_norm(first))
        found: Tensor = dist_to_mos(answer.float()).flatten()
        return found

    def _patches(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Patches (n, count, 32, 32, 4), and what tells each place and scale (count, dim)."""
        options = self.net.data_preprocess_opts
        longest = max(images.shape[2:])
        sizes = [*sorted(options["longer_side_lengths"]), longest]
        shapes = [tuple(round(n * (size / longest)) for n in images.shape[2:]) for size in sizes]
        grids = [tuple(-(-n // SIDE) for n in shape) for shape in shapes]
        counts = [rows * columns for rows, columns in grids]
        patches = torch.empty(
            (len(images), sum(counts), SIDE, SIDE, 4), dtype=self.kind, device=self.device
        )
        start = 0
        for shape, count in zip(shapes, counts, strict=True):
            self.do.cut(images, shape, patches[:, start : start + count])
            start += count
        encoder = self.net.transformer_encoder
        place = torch.cat([_places(options["hse_grid_size"], *g, self.device) for g in grids])
        scale = encoder.scaleembed_input.scale_emb[: len(sizes)]
        told = encoder.posembed_input.position_emb[0, place]
        told += torch.cat([one.expand(n, -1) for one, n in zip(scale, counts, strict=True)])
        return patches, told

    def _tokens(self, patches: Tensor, told: Tensor) -> Tensor:
        """What the transformer starts with (n, 1 + count, dim; float32)."""
        n, count = patches.shape[:2]
        x, y = self.do.begin(patches.flatten(0, 1), self.stem)
        seen = F.linear(self.do.end(x, y, self.stem).flatten(1), *self.embed)
        out = torch.empty((n, 1 + count, seen.shape[1]), device=self.device)
        out[:, 0] = self.net.transformer_encoder.cls[0]
        torch.add(seen.view(n, count, -1), told, out=out[:, 1:])
        return out


class _Layer:
    """One layer of the transformer."""

    def __init__(self, block: Any, kind: torch.dtype) -> None:
        self.block, own = block, block.attention
        lines = [_line(part, kind) for part in (own.query, own.key, own.value)]
        self.heads, self.scale = own.num_heads, own.scale
        self.ask = torch.cat([w for w, _ in lines]), torch.cat([b for _, b in lines])
        self.out, self.grow, self.shrink = (
            _line(part, kind) for part in (own.out, block.mlp.fc1, block.mlp.fc2)
        )
        self.norms = block.norm1, block.norm2

    def __call__(self, x: Tensor, y: Tensor, do: ModuleType) -> Tensor:
        """Adds `y` and what attention tells to `x` (n, tokens, dim; float32); what more to add."""
        one, two = self.norms
        n, tokens, _ = x.shape
        seen = do.sum_norm(x, y, one.weight, one.bias, one.eps)
        asked = F.linear(seen, *self.ask).view(n, tokens, 3, self.heads, -1)
        q, k, v = asked.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, scale=self.scale)
        told = F.linear(mixed.transpose(1, 2).reshape(n, tokens, -1), *self.out)
        seen = do.add_norm(x, y, told, two.weight, two.bias, two.eps)
        return F.linear(do.grow(seen, *self.grow), *self.shrink)

    def first(self, x: Tensor, y: Tensor, do: ModuleType) -> Tensor:
        """The first token after a last layer (n, dim), in float32: no other is asked for.

        With one query, keys and values need not be made: its product with each key is that of
        another vector with what the key is made of (and what a bias adds is the same for all).
        """
        block, own, (one, _) = self.block, self.block.attention, self.norms
        seen = do.sum_norm(x, y, one.weight, one.bias, one.eps).float()
        token = x[:, 0] + y[:, 0].float()
        key, value = (part.weight.unflatten(0, (self.heads, -1)) for part in (own.key, own.value))
        query = own.query(one(token)).unflatten(1, (self.heads, -1)) * self.scale
        asked = torch.einsum("nhd,hdc->nhc", query, key)
        shares = (asked @ seen.transpose(1, 2)).softmax(-1)
        mixed = torch.einsum("nhc,hdc->nhd", shares @ seen, value).flatten(1) + own.value.bias
        token += own.out(mixed)
        found: Tensor = token + block.mlp(block.norm2(token))
        return found


def _standard(conv: Any) -> Tensor:
    """Weights of a standardised convolution (pyiqa's StdConv), in float32."""
    weight = conv.weight.detach().float()
    weight = weight - weight.mean((1, 2, 3), keepdim=True)
    out: Tensor = weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5)
    return out


def _line(linear: Any, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    return linear.weight.detach().to(kind), linear.bias.detach().to(kind)


def _stem(net: Any, kind: torch.dtype) -> Stem:
    """The convolutions before the transformer, as `musiq_ops` takes them."""
    block = net.block1
    root = F.pad(_standard(net.conv_root), (0, 1, 0, 0, 0, 1))
    two = _standard(block.conv2).permute(2, 3, 0, 1).reshape(9, CHANNELS, CHANNELS)
    one, three, beside = (
        _standard(conv).flatten(1) for conv in (block.conv1, block.conv3, block.conv_proj)
    )
    held = (
        (root.permute(2, 0, 3, 1).reshape(7, CHANNELS, 32), net.gn_root),
        (one, block.gn1),
        (two, block.gn2),
        (three, block.gn3),
        (beside, block.gn_proj),
    )
    parts: list[Any] = []
    for weight, norm in held:
        parts.append(weight.to(kind).contiguous())
        parts.append(Norm(norm.weight.detach(), norm.bias.detach(), norm.eps))
    return Stem(*parts)


@cache
def _places(grid: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """Number of the place of each patch, as pyiqa hashes it."""
    from pyiqa.data.multiscale_trans_util import get_hashed_spatial_pos_emb_index

    found: Tensor = get_hashed_spatial_pos_emb_index(grid, rows, columns).long()[0].to(device)
    return found
