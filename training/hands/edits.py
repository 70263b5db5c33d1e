"""Maker A: photographs of open hands edited to another number of fingers, all in torch.

A hand is a layer (colour and alpha) that is warped by similarity moving least squares (Schaefer et
al. 2006) on its landmarks; fingers are cut from it, copied behind it, or welded together. Null
edits (one finger removed, one inserted elsewhere) keep the count at five, and hands that are not
edited are warped and composed in the same way, so that no seam and no warp tells the count.
"""

from dataclasses import dataclass

import torch
from fuse import RADIUS, Weld, weld, widen
from fuse import blur as _blur
from torch import Tensor

CHAINS = torch.tensor(
    [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16], [17, 18, 19, 20]]
)
TIPS = 7
"""Most fingertips an item can carry."""

COARSE = 56
"""Side of the grid on which warps are computed."""


@dataclass
class Hands:
    """A batch of hand layers in packed frames (S x S): what edits work on.

    image B3SS (0..1), alpha B1SS, points B x 21 x 2 (pixels); all on one device.
    """

    image: Tensor
    alpha: Tensor
    points: Tensor


@dataclass
class Edited:
    """Edited layers at crop size, with their truth.

    image B3NN, alpha B1NN, tips B x TIPS x 2 (crop pixels; nan = none), count B.
    """

    image: Tensor
    alpha: Tensor
    tips: Tensor
    count: Tensor


KINDS = ("plain", "six", "four", "null", "fused", "together", "seven", "three")


def edit(hands: Hands, kinds: Tensor, crop: Tensor, size: int, g: torch.Generator) -> Edited:
    """Apply one kind of edit (index into KINDS) to each hand and cut the crop out.

    Args:
        hands: The batch.
        kinds: B, index into KINDS.
        crop: B x 2 x 3 affine from crop pixels to packed pixels.
        size: Side of the crop.
        g: Random numbers (CPU).
    """
    device = hands.image.device
    b = len(kinds)
    pts = torch.view_as_complex(hands.points.contiguous().float())

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=g).to(device)

    def pick(weights: Tensor) -> Tensor:
        return torch.multinomial(weights.cpu() + 1e-6, 1, generator=g)[:, 0].to(device)

    row = torch.arange(b, device=device)
    chains = pts[:, CHAINS.to(device)]  # B 5 4
    wrist = pts[:, :1]
    span = (pts[:, 9] - pts[:, 0]).abs()[:, None]
    turn = (
        ((chains[:, 4, 0] - wrist[:, 0]) / (chains[:, 1, 0] - wrist[:, 0])).angle().sign()[:, None]
    )
    kind = {name: kinds == i for i, name in enumerate(KINDS)}
    removes = kind["four"] | kind["null"] | kind["three"]
    inserts = kind["six"] | kind["null"] | kind["seven"]

    gone = torch.zeros(b, 5, device=device)
    lost = pick(torch.tensor([[0.0, 1, 1, 1, 1]]).expand(b, 5))
    gone[row, lost] = removes.float()
    other = (lost - 1 + 1 + torch.floor(rand(b) * 3).long()) % 4 + 1
    gone[row, other] = torch.maximum(gone[row, other], kind["three"].float())

    # rotation of each chain about the wrist: base jitter, opening for an inserted finger, closing
    spin = (rand(b, 5) - 0.5) * 0.07
    # the new finger lies after finger `slot` (0: beside the thumb, 4: outside)
    slot = pick(torch.tensor([[0.12, 0.22, 0.22, 0.22, 0.22]]).expand(b, 5))
    slot = torch.where(kind["null"] & (slot == lost), (slot % 4) + 1, slot)
    slot2 = slot % 4 + 1
    order = torch.arange(5, device=device)[None]

    def open_at(at: Tensor, on: Tensor) -> Tensor:
        inner = (at < 4)[:, None].float()
        wide = (0.15 + 0.15 * rand(b, 1)) * inner + 0.08 * (1 - inner)
        side = torch.where(order <= at[:, None], -0.5, 0.5)
        damp = torch.where(order == 0, 0.6, 1.0)
        return side * wide * damp * on.float()[:, None]

    spin = spin + open_at(slot, inserts) + open_at(slot2, kind["seven"])
    middle = ((lost > 1) & (lost < 4) & removes).float()[:, None]
    near = torch.where(order < lost[:, None], 0.5, -0.5) * (0.10 + 0.11 * rand(b, 1))
    spin = spin + near * middle * torch.where(order == 0, 0.3, 1.0)
    moved = (
        wrist[:, :, None]
        + (chains - wrist[:, :, None]) * torch.polar(torch.ones_like(spin), spin * turn)[:, :, None]
    )
    bend = torch.polar(0.90 + 0.2 * rand(b, 5), (rand(b, 5) - 0.5) * 0.16)
    bend[:, 0] = 1
    bend = 1 + (bend[:, :, None] - 1) * torch.tensor([0.0, 1.0, 1.0, 1.0], device=device)
    moved = moved[:, :, :1] + (moved - moved[:, :, :1]) * bend

    # two fingers brought side by side (fused or only together)
    joined = kind["fused"] | kind["together"]
    broad = kind["fused"] & (rand(b) < 0.5)  # the other half is welded
    left = 1 + torch.floor(rand(b) * 3).long()
    one, two = moved[row, left], moved[row, left + 1]
    mid = (one + two) / 2
    along = mid[:, 3] - mid[:, 0]
    across = (along / along.abs().clamp_min(1e-3) * 1j)[:, None]
    across = across * torch.sign(((two[:, 3:] - one[:, 3:]) * across.conj()).real + 1e-6)
    width = (span * (0.215 + 0.02 * rand(b, 1))) * torch.tensor(
        [1.05, 0.95, 0.85, 0.75], device=device
    )
    apart = torch.where(kind["fused"][:, None], 0.28 + 0.12 * rand(b, 1), 0.50) * width
    apart = torch.where(broad[:, None], 0, apart)
    keep = torch.tensor([0.6, 0.0, 0.0, 0.0], device=device)
    keep = torch.where(broad[:, None], 0.3 * keep, keep)
    level = torch.where(broad, 1.0, kind["fused"].float() * 0.8)[:, None]
    length = (mid - one) * across.conj()
    drop = length - length.real  # the part along the fingers
    one_new = (
        (mid - across * apart) * (1 - keep) + one * keep - drop * across * (1 - level) * (1 - keep)
    )
    two_new = (
        (mid + across * apart) * (1 - keep) + two * keep + drop * across * (1 - level) * (1 - keep)
    )
    moved[row, left] = torch.where(joined[:, None], one_new, one)
    moved[row, left + 1] = torch.where(joined[:, None], two_new, two)
    gone[row, left + 1] = torch.maximum(gone[row, left + 1], broad.float())

    # backward map: edited packed frame -> source packed frame
    s = hands.image.shape[-1]
    anchor = torch.stack([wrist[:, 0], wrist[:, 0] + (wrist[:, 0] - pts[:, 9]) * 0.8], 1)
    goal = torch.cat([_dense(moved).reshape(b, -1), anchor], 1)
    start = torch.cat([_dense(chains).reshape(b, -1), anchor], 1)
    stays = 1 - gone[:, :, None].expand(b, 5, _dense(moved).shape[2]).reshape(b, -1)
    stays = torch.cat([stays, torch.ones(b, 2, device=device)], 1)
    at = _crop_grid(crop, size, COARSE)  # B C C complex, packed frame
    wide = torch.where(broad, 1.45 + 0.4 * rand(b), 1.0)
    at_thin = widen(at, moved[row, left, 0], moved[row, left, 3], span[:, 0], wide)
    back = moving_least_squares(at_thin, goal, start, stays)
    fine = _up(back, size)
    here = _up(at, size)
    colour, alpha = _sample(hands.image, fine, s), _sample(hands.alpha, fine, s)

    # finger membership in the source frame
    index, reach = _nearest_chain(_up_to(fine, size // 2), pts, chains, span)
    cut = ((reach > 0.32) * 1.0)[:, None] * torch.zeros_like(index)[:, None]
    for f in range(5):
        cut = cut + ((index == f) & (reach > 0.30)).float()[:, None] * gone[:, f, None, None, None]
    cut = torch.nn.functional.interpolate(_blur(cut, 1), size=size, mode="bilinear").clamp(0, 1)
    alpha = alpha * (1 - cut)
    pool = torch.nn.functional.max_pool2d
    opened = pool(-pool(-alpha, 5, 1, 2), 7, 1, 3)  # drops the wires that a cut leaves
    alpha = torch.where(gone.amax(1)[:, None, None, None] > 0, torch.minimum(alpha, opened), alpha)

    # inserted fingers: copies of a neighbour, behind the hand
    tips = torch.full((b, TIPS), float("nan"), device=device, dtype=torch.complex64)
    own = moved[:, :, 3].clone()
    own[gone > 0] = float("nan")
    merged = (moved[row, left, 3] + moved[row, left + 1, 3]) / 2
    merged = torch.where(broad, moved[row, left, 3], merged)
    own[row, left] = torch.where(kind["fused"], merged, own[row, left])
    own[row, left + 1] = torch.where(
        kind["fused"], torch.full_like(merged, float("nan")), own[row, left + 1]
    )
    tips[:, :5] = own
    for nth, (place, on) in enumerate(((slot, inserts), (slot2, kind["seven"]))):
        if not bool(on.any()):
            continue
        low, high = place, (place + 1).clamp_max(4)
        outside = place == 4
        base = (moved[row, low, 0] + moved[row, high, 0]) / 2
        tip = (moved[row, low, 3] + moved[row, high, 3]) / 2
        w0 = wrist[:, 0]
        step = torch.polar(torch.ones(b, device=device), 0.20 + 0.08 * rand(b)) ** turn[:, 0]
        base_out = w0 + (moved[row, low, 0] - w0) * step * (0.95 + 0.03 * rand(b))
        tip_out = base_out + (moved[row, low, 3] - moved[row, low, 0]) * step * (
            0.85 + 0.2 * rand(b)
        )
        base, tip = torch.where(outside, base_out, base), torch.where(outside, tip_out, tip)
        thumb = place == 0
        base_in = (moved[:, 0, 1] + moved[:, 1, 0]) / 2
        way = (moved[:, 0, 3] - moved[:, 0, 1]) / (moved[:, 0, 3] - moved[:, 0, 1]).abs()
        way = way + (moved[:, 1, 3] - moved[:, 1, 0]) / (moved[:, 1, 3] - moved[:, 1, 0]).abs()
        tip_in = base_in + way / way.abs().clamp_min(1e-3) * span[:, 0] * (0.55 + 0.2 * rand(b))
        base, tip = torch.where(thumb, base_in, base), torch.where(thumb, tip_in, tip)
        tip = base + (tip - base) * (0.9 + 0.2 * rand(b)) * torch.polar(
            torch.ones(b, device=device), (rand(b) - 0.5) * 0.08
        )
        donor = torch.where((rand(b) < 0.5) & ~thumb, low, high)
        s0, s1 = chains[row, donor, 0], chains[row, donor, 3]
        factor = (tip - base) / (s1 - s0)
        axis = ((s1 - s0) / (s1 - s0).abs().clamp_min(1e-3))[:, None, None]
        local = (here - base[:, None, None]) / factor[:, None, None] * axis.conj()
        slim = (0.85 + 0.35 * rand(b))[:, None, None]
        source = s0[:, None, None] + torch.complex(local.real, local.imag * slim) * axis
        ind, far = _nearest_chain(_up_to(source, size // 2), pts, chains, span)
        member = (ind == donor[:, None, None]) & (
            far > torch.where(outside, -0.75, -0.2)[:, None, None]
        )
        member = torch.nn.functional.interpolate(
            _blur(member.float()[:, None], 1), size=size, mode="bilinear"
        )
        piece = _sample(hands.image, source, s)
        extra = _sample(hands.alpha, source, s) * member * on.float()[:, None, None, None]
        total = alpha + extra * (1 - alpha)
        colour = (colour * alpha + piece * extra * (1 - alpha)) / total.clamp_min(1e-3)
        alpha = total
        tips[:, 5 + nth] = torch.where(on, tip, tips[:, 5 + nth])

    welded = kind["fused"] & ~broad
    if bool(welded.any()):
        one, two = moved[row, left], moved[row, left + 1]
        half = (two[:, 3] - one[:, 3]).abs() / 2 + RADIUS * (0.72 + 0.1 * rand(b)) * span[:, 0]
        on = torch.where(welded, 0.3 + 0.7 * rand(b), 0)
        middle = (one + two) / 2
        colour, alpha = weld(colour, alpha, here, Weld(middle[:, 0], middle[:, 3], half, on))

    count = (~torch.isnan(tips.real)).sum(1)
    inverse = torch.linalg.inv(crop[:, :, :2])
    xy = torch.stack([tips.real, tips.imag], -1) - crop[:, None, :, 2]
    return Edited(colour, alpha, xy @ inverse.transpose(1, 2), count)


def _dense(chains: Tensor) -> Tensor:
    """B x 5 x 4 joints with two points between each two."""
    a, z = chains[:, :, :-1, None], chains[:, :, 1:, None]
    t = torch.tensor([0.0, 1 / 3, 2 / 3], device=chains.device)
    return torch.cat([(a + (z - a) * t).flatten(2), chains[:, :, -1:]], 2)


def moving_least_squares(at: Tensor, goal: Tensor, start: Tensor, weight: Tensor) -> Tensor:
    """Similarity MLS: where points `at` (B H W complex) come from when `start` went to `goal`."""
    d = (at[..., None] - goal[:, None, None]).abs()
    w = weight[:, None, None] / (d**2.2 + 40.0)
    w = w / w.sum(-1, keepdim=True)
    p, q = (w * goal[:, None, None]).sum(-1), (w * start[:, None, None]).sum(-1)
    ph, qh = goal[:, None, None] - p[..., None], start[:, None, None] - q[..., None]
    turn = (w * ph.conj() * qh).sum(-1) / (w * ph.abs() ** 2).sum(-1).clamp_min(1e-6)
    return q + (at - p) * turn


def _nearest_chain(at: Tensor, pts: Tensor, chains: Tensor, span: Tensor) -> tuple[Tensor, Tensor]:
    """Finger nearest to each point, and how far along it (0 = knuckle, 1 = next joint)."""
    wrist = pts[:, :1].expand(-1, 5)
    best = torch.full((len(at), 5, *at.shape[1:]), 1e9, device=at.device)
    along = torch.zeros_like(best)
    joints = torch.cat([wrist[:, :, None], chains], 2)  # B 5 5
    for k in range(4):
        a, z = joints[:, :, k, None, None], joints[:, :, k + 1, None, None]
        bone = z - a
        t = ((at[:, None] - a) * bone.conj()).real / bone.abs().clamp_min(1e-3) ** 2
        high = 1.35 if k == 3 else 1.0
        d = (at[:, None] - (a + bone * t.clamp(0, high))).abs()
        closer = d < best
        best = torch.where(closer, d, best)
        along = torch.where(closer, t - 1 if k == 0 else t + (k - 1), along)
    distance, index = best.min(1)
    reach = along.gather(1, index[:, None])[:, 0]
    del distance, span
    return index, reach


def _crop_grid(crop: Tensor, size: int, cells: int) -> Tensor:
    line = (torch.arange(cells, device=crop.device) + 0.5) * (size / cells) - 0.5
    y, x = torch.meshgrid(line, line, indexing="ij")
    at = torch.stack([x, y, torch.ones_like(x)], -1)
    out = torch.einsum("bij,hwj->bhwi", crop, at)
    return torch.view_as_complex(out.contiguous())


def _up(grid: Tensor, size: int) -> Tensor:
    """A coarse complex grid, bilinearly to size x size (edges extrapolate)."""
    n = grid.shape[-1]
    ri = torch.view_as_real(grid).permute(0, 3, 1, 2)
    pad = torch.nn.functional.pad(ri, (1, 1, 1, 1), mode="replicate")
    pad[:, :, 0] = 2 * pad[:, :, 1] - pad[:, :, 2]
    pad[:, :, -1] = 2 * pad[:, :, -2] - pad[:, :, -3]
    pad[:, :, :, 0] = 2 * pad[:, :, :, 1] - pad[:, :, :, 2]
    pad[:, :, :, -1] = 2 * pad[:, :, :, -2] - pad[:, :, :, -3]
    step = size // n
    big = torch.nn.functional.interpolate(pad, scale_factor=step, mode="bilinear")
    big = big[:, :, step:-step, step:-step]
    return torch.view_as_complex(big.permute(0, 2, 3, 1).contiguous())


def _up_to(grid: Tensor, size: int) -> Tensor:
    step = grid.shape[-1] // size
    return grid[:, step // 2 :: step, step // 2 :: step]


def _sample(image: Tensor, at: Tensor, side: int) -> Tensor:
    grid = (torch.view_as_real(at) + 0.5) / side * 2 - 1
    return torch.nn.functional.grid_sample(image, grid, align_corners=False, padding_mode="border")
