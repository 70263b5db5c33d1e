"""MUSIQ as a GPU likes it: the same net and weights, run in few passes over memory.

Patches go channels last, as bytes of half precision; the first convolution (7 x 7, every second
place, 3 channels) is done as one of 4 x 4 over 2 x 2 x 3 channels, which tensor cores take; weights
are standardised once; normalisations are one pass each; sums between layers stay in float32.
"""

from functools import cache
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from iqmetrics.nets import musiq_ops

FOLDED = 16
"""Channels of a patch folded 2 x 2: 12 and 4 of zeros."""


def operations(device: torch.device) -> ModuleType:
    """The module whose normalisations are best on a device."""
    if device.type == "cuda":
        try:
            from iqmetrics.nets import musiq_triton
        except ImportError:  # no Triton on this system
            return musiq_ops
        return musiq_triton
    return musiq_ops


class Quick:
    """A MUSIQ net of pyiqa's, run in `kind`.

    Args:
        net: the net, on its device; nothing in it is changed.
        kind: torch.float16 for a GPU.
    """

    def __init__(self, net: Any, kind: torch.dtype) -> None:
        self.net, self.kind = net, kind
        self.device = net.conv_root.weight.device
        self.do = operations(self.device)
        self.root = self._folded(_standard(net.conv_root))
        block = net.block1
        self.one, self.three, self.beside = (
            _standard(conv).flatten(1).to(kind)
            for conv in (block.conv1, block.conv3, block.conv_proj)
        )
        two = _standard(block.conv2).to(kind)
        self.two = two.contiguous(memory_format=torch.channels_last)
        self.embed = _line(net.embedding, kind)
        self.layers = [_Layer(m, kind) for m in net.transformer_encoder.transformer.values()]

    def _folded(self, weight: Tensor) -> Tensor:
        """(64, 3, 7, 7) as (64, 16, 4, 4): for inputs whose 2 x 2 neighbours are channels."""
        grown = F.pad(weight, (0, 1, 0, 1))
        out = grown.reshape(len(weight), 3, 4, 2, 4, 2).permute(0, 3, 5, 1, 2, 4)
        out = F.pad(out.reshape(len(weight), 12, 4, 4), (0, 0, 0, 0, 0, FOLDED - 12))
        return out.to(self.kind).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """MUSIQ of (n, 3, height, width) in 0..1, all of one size; (n,) in float32."""
        from pyiqa.archs.arch_util import dist_to_mos

        patches, place, scale = self._patches((images - 0.5) * 2)
        encoder = self.net.transformer_encoder
        x = self._tokens(patches).view(len(images), len(place), -1).float()
        x += encoder.posembed_input.position_emb[0, place]
        x += encoder.scaleembed_input.scale_emb[scale]
        x = torch.cat([encoder.cls.expand(len(images), -1, -1), x], 1).contiguous()
        y = torch.zeros_like(x, dtype=self.kind)
        for layer in self.layers:
            y = layer(x, y, self.do)
        first = (x[:, 0] + y[:, 0].float()).contiguous()
        answer = self.net.head(encoder.encoder_norm(first).float())
        found: Tensor = dist_to_mos(answer.float()).flatten()
        return found

    def _patches(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Folded patches (n x tokens, 19, 19, 16), image first; their place and scale (tokens)."""
        options = self.net.data_preprocess_opts
        side, longest = options["patch_size"], max(images.shape[2:])
        parts, places, scales = [], [], []
        sizes = [*sorted(options["longer_side_lengths"]), longest]
        for number, size in enumerate(sizes):
            shape = [round(n * (size / longest)) for n in images.shape[2:]]
            seen = images
            if number < len(sizes) - 1:
                seen = F.interpolate(images, shape, mode="bicubic", align_corners=False)
            rows, columns = (-(-n // side) for n in shape)
            parts.append(_cut(seen.to(self.kind), rows, columns, side))
            where = _places(options["hse_grid_size"], rows, columns, self.device)
            places.append(where)
            scales.append(torch.full_like(where, number))
        cut = torch.cat(parts, 1).flatten(0, 1)
        folded = F.pad(cut, (0, FOLDED - 12, 1, 2, 1, 2))
        return folded, torch.cat(places), torch.cat(scales)

    def _tokens(self, patches: Tensor) -> Tensor:
        """(n, 19, 19, 16) -> (n, dim): the convolutions, and what they see as one token."""
        net, do = self.net, self.do
        seen = F.conv2d(patches.permute(0, 3, 1, 2), self.root).permute(0, 2, 3, 1).contiguous()
        x = do.norm_pool(seen, net.gn_root.weight, net.gn_root.bias, net.gn_root.eps)
        block = net.block1
        y = do.norm_relu(x @ self.one.T, block.gn1.weight, block.gn1.bias, block.gn1.eps)
        y = F.conv2d(y.permute(0, 3, 1, 2), self.two, padding=1).permute(0, 2, 3, 1).contiguous()
        y = do.norm_relu(y, block.gn2.weight, block.gn2.bias, block.gn2.eps)
        y = do.norm_sum(
            y @ self.three.T, block.gn3.weight, block.gn3.bias,
            x @ self.beside.T, block.gn_proj.weight, block.gn_proj.bias, block.gn3.eps,
        )  # fmt: skip
        return F.linear(y.flatten(1), *self.embed)


class _Layer:
    """One layer of the transformer."""

    def __init__(self, block: Any, kind: torch.dtype) -> None:
        own = block.attention
        lines = [_line(part, kind) for part in (own.query, own.key, own.value)]
        self.heads, self.scale = own.num_heads, own.scale
        self.ask = torch.cat([w for w, _ in lines]), torch.cat([b for _, b in lines])
        self.out, self.grow, self.shrink = (
            _line(part, kind) for part in (own.out, block.mlp.fc1, block.mlp.fc2)
        )
        self.norms = block.norm1, block.norm2

    def __call__(self, x: Tensor, y: Tensor, do: ModuleType) -> Tensor:
        """What is still to be added to `x` (n, tokens, dim; float32), after adding `y` to it."""
        one, two = self.norms
        n, tokens, _ = x.shape
        seen = do.add_norm(x, y, one.weight, one.bias, one.eps)
        asked = F.linear(seen, *self.ask).view(n, tokens, 3, self.heads, -1)
        q, k, v = asked.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, scale=self.scale)
        y = F.linear(mixed.transpose(1, 2).reshape(n, tokens, -1), *self.out)
        seen = do.add_norm(x, y, two.weight, two.bias, two.eps)
        return F.linear(F.gelu(F.linear(seen, *self.grow)), *self.shrink)


def _standard(conv: Any) -> Tensor:
    """Weights of a standardised convolution (pyiqa's StdConv), in float32."""
    weight = conv.weight.detach().float()
    weight = weight - weight.mean((1, 2, 3), keepdim=True)
    out: Tensor = weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5)
    return out


def _line(linear: Any, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    return linear.weight.detach().to(kind), linear.bias.detach().to(kind)


def _cut(images: Tensor, rows: int, columns: int, side: int) -> Tensor:
    """Patches (n, rows x columns, side / 2, side / 2, 12), zeros around the picture where needed.

    The 12 channels are row and column within 2 x 2 pixels, then colour.
    """
    down, across = rows * side - images.shape[2], columns * side - images.shape[3]
    grown = F.pad(images, (across // 2, across - across // 2, down // 2, down - down // 2))
    half = side // 2
    n = len(images)
    cut = grown.reshape(n, 3, rows, half, 2, columns, half, 2)
    return cut.permute(0, 2, 5, 3, 6, 4, 7, 1).reshape(n, rows * columns, half, half, 12)


@cache
def _places(grid: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """Number of the place of each patch, as pyiqa hashes it."""
    from pyiqa.data.multiscale_trans_util import get_hashed_spatial_pos_emb_index

    found: Tensor = get_hashed_spatial_pos_emb_index(grid, rows, columns).long()[0].to(device)
    return found
