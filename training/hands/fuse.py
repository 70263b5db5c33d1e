"""Fused fingers of maker A: two fingers welded together, or one finger that is as wide as two."""

from dataclasses import dataclass

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


@dataclass
class Weld:
    """How two fingers are welded: `base` and `tip` of their middle line (B complex), `half` the
    half width of the one finger they become (B pixels), `on` how much of the crease between them
    is painted over (B, 0 = not welded at all)."""

    base: Tensor
    tip: Tensor
    half: Tensor
    on: Tensor


def weld(colour: Tensor, alpha: Tensor, here: Tensor, how: Weld) -> tuple[Tensor, Tensor]:
    """Make two fingers that lie side by side one broad finger with one round end.

    What lies between them is filled from the knuckle to the end, what of the two tips stands out of
    an ellipse is cut away, and the crease is painted over; near the end nothing of it is left.

    colour B3HW, alpha B1HW, here B H W complex (the place of each pixel).
    """
    p0, p1, half = how.base[:, None, None], how.tip[:, None, None], how.half[:, None, None]
    length = (p1 - p0).abs().clamp_min(1e-3)
    local = (here - p0) * ((p1 - p0) / length).conj()
    off, rest = local.imag / half, (length * 1.08 - local.real) / (half * 1.15)
    body = torch.sigmoid((1 - off.abs()) * half * 0.9) * torch.sigmoid(local.real / length * 30)
    round_end = (1 - (off**2 + (1 - rest).clamp_min(0) ** 2).sqrt()) * half * 0.9
    finger = torch.minimum(body, torch.sigmoid(round_end))
    near = torch.sigmoid((1.25 - off.abs()) * 20) * torch.sigmoid((0.9 - rest) * 12)
    on = (how.on > 0).float()[:, None, None]
    kept = alpha * (1 - ((near * (1 - finger)) * on))[:, None]
    crease = torch.sigmoid((0.45 - off.abs()) * 14) * how.on[:, None, None]
    painted = torch.maximum(crease, torch.sigmoid((1.3 - rest) * 6) * on)[:, None]
    fill = (finger * on)[:, None]
    inner = -torch.nn.functional.max_pool2d(-alpha, 7, 1, 3)  # without the rims of the two
    skin = (colour * inner).sum((2, 3), keepdim=True)
    skin = skin / inner.sum((2, 3), keepdim=True).clamp_min(1e-3)
    smooth = (blur(colour * inner, 4) + 1e-2 * skin) / (blur(inner, 4) + 1e-2)
    cover = fill * torch.maximum(painted, 1 - blur(inner, 1))
    return colour * (1 - cover) + smooth * cover, torch.maximum(kept, fill)


def blur(image: Tensor, radius: int) -> Tensor:
    """Two box blurs."""
    k = 2 * radius + 1
    for _ in range(2):
        image = torch.nn.functional.avg_pool2d(
            torch.nn.functional.pad(image, (radius,) * 4, mode="replicate"), k, 1
        )
    return image
