"""Fused fingers of maker A: two fingers melted together, or one finger that is as wide as two."""

import torch
from torch import Tensor

RADIUS = 0.115
"""Half the width of a finger, in palm lengths (wrist to the middle knuckle)."""

REACH = 0.34
"""How far from its axis a widened finger moves what lies beside it, in palm lengths."""


def widen(at: Tensor, base: Tensor, tip: Tensor, span: Tensor, wide: Tensor) -> Tensor:
    """Where points come from (B H W complex) when fingers base..tip (B) grow `wide` times broader.

    The knuckle keeps its width; the gap beside the finger is squeezed, nothing beyond it moves.
    """
    base, tip = base[:, None, None], tip[:, None, None]
    span, wide = span[:, None, None], wide[:, None, None]
    bone = tip - base
    axis = bone / bone.abs().clamp_min(1e-3)
    local = (at - base) * axis.conj()
    off = local.imag.abs()
    inner, reach = wide * RADIUS * span, REACH * span
    squeezed = RADIUS * span + (off - inner) * (reach - RADIUS * span) / (reach - inner)
    source = torch.where(off < inner, off / wide, torch.where(off < reach, squeezed, off))
    t = (local.real / bone.abs().clamp_min(1e-3) / 0.35).clamp(0, 1)
    ramp = t * t * (3 - 2 * t)
    moved = (off + (source - off) * ramp) * local.imag.sign()
    return base + axis * torch.complex(local.real, moved)


def melt(
    colour: Tensor, alpha: Tensor, here: Tensor, base: Tensor, tip: Tensor, span: Tensor, on: Tensor
) -> tuple[Tensor, Tensor]:
    """Fill what is between two fingers (their middle line runs base..tip) to one broad finger.

    colour B3HW, alpha B1HW, here B H W complex (the place of each pixel), span and on B: how much
    of the crease between the two is painted over (0 = not fused at all, up to 1).
    """
    p0, p1 = base[:, None, None], tip[:, None, None]
    axis = (p1 - p0) / (p1 - p0).abs().clamp_min(1e-3)
    local = (here - p0) * axis.conj()
    t = local.real / (p1 - p0).abs()
    off = local.imag.abs() / span[:, None, None]
    body = torch.sigmoid((RADIUS - off) * 90) * torch.sigmoid((t + 0.02) * 30)
    cap = torch.sigmoid((1.10 - t - (off / 0.13) ** 2 * 0.10) * 60)
    fill = (body * cap * (on > 0).float()[:, None, None])[:, None]
    smooth = blur(colour * alpha, 6) / blur(alpha, 6).clamp_min(1e-3)
    cover = fill * torch.maximum(on[:, None, None, None].expand_as(alpha), 1 - alpha)
    return colour * (1 - cover) + smooth * cover, torch.maximum(alpha, fill)


def blur(image: Tensor, radius: int) -> Tensor:
    """Two box blurs."""
    k = 2 * radius + 1
    for _ in range(2):
        image = torch.nn.functional.avg_pool2d(
            torch.nn.functional.pad(image, (radius,) * 4, mode="replicate"), k, 1
        )
    return image
