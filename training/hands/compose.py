"""One training batch: layers of both makers over walls and scenes, with what may hide them.

Truth of an item: `state` (index into STATES), `count` class (0 = up to four, 1 = five, 2 = six or
more; only when countable), fingertips in crop pixels. All classes go through the same warps,
compositions and disturbances.
"""

from dataclasses import dataclass

import torch
from edits import KINDS, TIPS, Hands, edit
from fuse import blur as _blur
from maker3d import TOUCHING
from packed import Pack
from style import disturb, restyle
from torch import Tensor

SIZE = 224
STATES = ("countable", "folded", "hidden", "nothing")
TRUSTED = 0.8
"""Mask quality from which a photograph may be cut out."""

SHARES = {
    "plain": 0.14,
    "six": 0.22,
    "four": 0.14,
    "null": 0.15,
    "fused": 0.16,
    "together": 0.09,
    "seven": 0.05,
    "three": 0.05,
}
HELD = 5
"""Every fifth scene (all pieces of one picture) is kept for tests."""

PACKED_ROI = 288 / 1.4
"""Side of the landmark region in a packed crop, in pixels."""


@dataclass
class Batch:
    """image B 3 224 224 (0..1), tips B TIPS 2, state B (-1: not to be learnt), count B."""

    image: Tensor
    tips: Tensor
    state: Tensor
    count: Tensor


@dataclass
class Renders:
    """Rendered layers kept as uint8: image N3, alpha N1, tips, count, pose, clear, fused."""

    image: Tensor
    alpha: Tensor
    tips: Tensor
    count: Tensor
    pose: Tensor
    clear: Tensor
    fused: Tensor


class Composer:
    """Makes batches; everything random comes from `seed`.

    fold: the half of persons and sessions whose photographs are used (None: all); held: whether
    backgrounds are those kept for tests.
    """

    def __init__(
        self,
        pack: Pack,
        renders: Renders | None,
        seed: int,
        fold: int | None = None,
        calm: bool = False,
        held: bool = False,
    ) -> None:
        self.pack, self.renders, self.calm = pack, renders, calm
        self.g = torch.Generator().manual_seed(seed)
        self.device = pack.image.device
        mine = torch.ones_like(pack.fold, dtype=torch.bool) if fold is None else pack.fold == fold
        five = (pack.shown == 5) & (pack.source < 2) & mine
        self.open = torch.nonzero(five & (pack.trust > TRUSTED))[:, 0].cpu()
        self.any_open = torch.nonzero(five)[:, 0].cpu()
        self.closed = torch.nonzero((pack.shown < 5) & mine)[:, 0].cpu()
        picture = torch.arange(len(pack.scene)) // 5
        self.behind = torch.nonzero((picture % HELD == 0) == held)[:, 0]

    def rand(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self.g).to(self.device)

    def choose(self, pool: Tensor, n: int) -> Tensor:
        return pool[torch.randint(0, len(pool), (n,), generator=self.g)].to(self.device)

    def crops(self, n: int) -> Tensor:
        """n random affine maps from crop to packed pixels."""
        turn = (self.rand(n) - 0.5) * (0.5 if self.calm else 0.9)
        scale = PACKED_ROI / SIZE * (1 + (self.rand(n) - 0.5) * 0.3)
        c, s = turn.cos() * scale, turn.sin() * scale
        m = torch.stack([torch.stack([c, -s], 1), torch.stack([s, c], 1)], 1)
        m = m if self.calm else m @ self.tilts(n)
        centre = 144 + (self.rand(n, 2) - 0.5) * 22
        half = torch.full((n, 2, 1), SIZE / 2, device=self.device)
        return torch.cat([m, centre[:, :, None] - m @ half], 2)

    def tilts(self, n: int) -> Tensor:
        """n linear maps (n 2 2): for half of the items, what turning the hand away shortens.

        One direction is shortened to 0.62..1 of its length; the finder's region follows the
        longer side, so that about half of the loss is made good by a closer look.
        """
        short = torch.where(self.rand(n) < 0.5, 1 - 0.38 * self.rand(n), 1.0)
        way = self.rand(n) * torch.pi
        axis = torch.stack([way.cos(), way.sin()], 1)
        along = axis[:, :, None] @ axis[:, None]
        eye = torch.eye(2, device=self.device)
        return (eye + (1 / short - 1)[:, None, None] * along) * short.sqrt()[:, None, None]

    def photos(self, index: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Edited photographs composed over their wall or a scene: image, tips, alpha, count."""
        p, n = self.pack, len(index)
        hands = Hands(p.image[index].float() / 255, p.alpha[index].float() / 255, p.points[index])
        crop = self.crops(n)
        made = edit(hands, kinds, crop, SIZE, self.g)
        grid = self._grid(crop, 288)
        wall = torch.nn.functional.grid_sample(
            p.wall[index].float() / 255, grid, align_corners=False, padding_mode="border"
        )
        return self._over(made.image, made.alpha, wall), made.tips, made.alpha, made.count

    def untouched(self, index: Tensor) -> Tensor:
        """Photographs as they are."""
        grid = self._grid(self.crops(len(index)), 288)
        image = self.pack.image[index].float() / 255
        return torch.nn.functional.grid_sample(
            image, grid, align_corners=False, padding_mode="border"
        )

    def _grid(self, crop: Tensor, side: int) -> Tensor:
        line = torch.arange(SIZE, device=self.device) + 0.0
        y, x = torch.meshgrid(line, line, indexing="ij")
        at = torch.einsum("bij,hwj->bhwi", crop, torch.stack([x, y, torch.ones_like(x)], -1))
        return (at + 0.5) / side * 2 - 1

    def _over(self, image: Tensor, alpha: Tensor, wall: Tensor) -> Tensor:
        n = len(image)
        scene = self.scenes(n)
        plain = self.rand(n, 3, 1, 1) * torch.ones_like(scene)
        ramp = torch.linspace(-0.5, 0.5, SIZE, device=self.device)
        plain = (
            plain
            + ramp[:, None] * (self.rand(n, 1, 1, 1) - 0.5)
            + ramp * (self.rand(n, 1, 1, 1) - 0.5)
        )
        u = self.rand(n, 1, 1, 1)
        behind = torch.where(u < 0.35, wall, torch.where(u < 0.85, scene, plain))
        tint = 1 + (self.rand(n, 3, 1, 1) - 0.5) * 0.24
        gain = 0.75 + 0.5 * self.rand(n, 1, 1, 1)
        change = (u >= 0.35).float()
        image = restyle(image, alpha, self.rand)
        image = image * (1 + change * (tint * gain - 1))
        shadow = _blur(alpha, 8) * (0.35 * self.rand(n, 1, 1, 1) * change)
        return image * alpha + behind * (1 - shadow) * (1 - alpha)

    def scenes(self, n: int) -> Tensor:
        index = self.choose(self.behind, n)
        image = torch.nn.functional.interpolate(
            self.pack.scene[index].float() / 255, SIZE, mode="bilinear"
        )
        return torch.where(self.rand(n, 1, 1, 1) < 0.5, image, image.flip(3))

    def batch(self, n: int) -> Batch:
        """n items: edited photographs, then renders, closed hands, untouched ones, scenes."""
        parts = {
            "A": int(n * 0.42),
            "B": int(n * 0.24),
            "closed": int(n * 0.2),
            "open": int(n * 0.09),
        }
        if self.renders is None:
            parts["A"], parts["B"] = parts["A"] + parts["B"], 0
        parts["scene"] = n - sum(parts.values())
        rows: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

        def add(image: Tensor, tip: Tensor, state: Tensor | int, count: Tensor | int) -> None:
            both = (torch.as_tensor(v, device=self.device) for v in (state, count))
            full = (v.expand(len(image)) for v in both)
            rows.append((image, tip, *full))

        index = self.choose(self.open, parts["A"])
        shares = torch.tensor(list(SHARES.values()))
        kind = torch.multinomial(shares, parts["A"], True, generator=self.g).to(self.device)
        image, tip, _, count = self.photos(index, kind)
        add(image, tip, torch.where(nearest(tip) < TOUCHING * SIZE, -1, 0), count)
        if self.renders is not None:
            r = self.renders
            pick = torch.randint(0, len(r.image), (parts["B"],), generator=self.g).to(self.device)
            layer, alpha = r.image[pick].float() / 255, r.alpha[pick].float() / 255
            image = self._over(layer, alpha, self.scenes(len(pick)))
            seen = torch.tensor([2, 0, -1], device=self.device)[r.clear[pick].long()]
            add(image, r.tips[pick], torch.where(r.pose[pick] > 0, 1, seen), r.count[pick])
        index = self.choose(self.closed, parts["closed"])
        image, tip, _, _ = self.photos(index, torch.zeros_like(index))
        raw = (self.rand(len(index)) < 0.5) | (self.pack.trust[index] < TRUSTED)
        image = torch.where(raw[:, None, None, None], self.untouched(index), image)
        add(image, tip, 1, self.pack.shown[index])
        index = self.choose(self.any_open, parts["open"])
        nan = torch.full((len(index), TIPS, 2), torch.nan, device=self.device)
        add(self.untouched(index), nan, 0, 5)
        nan = torch.full((parts["scene"], TIPS, 2), torch.nan, device=self.device)
        add(self.scenes(parts["scene"]), nan, 3, 0)
        image, tip, state, count = (torch.cat(v) for v in zip(*rows, strict=True))
        group = torch.where(count <= 4, 0, torch.where(count == 5, 1, 2))
        return Batch(image.clamp(0, 1), tip, state, group)

    def finish(self, batch: Batch) -> Batch:
        """The batch with things before some hands, mirrored, and disturbed: new on every call."""
        image, state = self.hide(batch.image, batch.tips, batch.state)
        image, tip = self.flip(image, batch.tips)
        out = ((tip < 2) | (tip > SIZE - 3)).any(-1).any(-1)
        state = torch.where((state == 0) & out, 2, state)
        return Batch(disturb(image, self.rand, self.g).clamp(0, 1), tip, state, batch.count)

    def flip(self, image: Tensor, tips: Tensor) -> tuple[Tensor, Tensor]:
        on = self.rand(len(image)) < 0.5
        image = torch.where(on[:, None, None, None], image.flip(3), image)
        flipped = torch.stack([SIZE - 1 - tips[..., 0], tips[..., 1]], -1)
        return image, torch.where(on[:, None, None], flipped, tips)

    def hide(self, image: Tensor, tips: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Things in front of some hands; a countable hand whose tip they cover becomes hidden."""
        n = len(image)
        on = self.rand(n) < 0.16
        known = torch.where(torch.isnan(tips), torch.full_like(tips, -999.0), tips)
        alive = (~torch.isnan(tips[..., 0])).float() + 1e-3
        which = torch.multinomial(alive.cpu(), 1, generator=self.g)[:, 0].to(self.device)
        aim = known[torch.arange(n, device=self.device), which]
        free = self.rand(n, 2) * SIZE
        centre = torch.where(
            (self.rand(n, 1) < 0.55) & (aim[:, :1] > 0), aim + (self.rand(n, 2) - 0.5) * 24, free
        )
        radius = 14 + 34 * self.rand(n)
        line = torch.arange(SIZE, device=self.device) + 0.0
        y, x = torch.meshgrid(line, line, indexing="ij")
        dx, dy = x - centre[:, 0, None, None], y - centre[:, 1, None, None]
        power = torch.where(self.rand(n) < 0.5, 2.0, 6.0)[:, None, None]
        wide = radius[:, None, None] * (0.7 + 0.8 * self.rand(n, 1, 1))
        shape = (dx.abs() / wide) ** power + (dy.abs() / radius[:, None, None]) ** power
        cover = torch.sigmoid((1 - shape) * 12)[:, None] * on.float()[:, None, None, None]
        image = image * (1 - cover) + self.scenes(n) * cover
        tx, ty = known[..., 0] - centre[:, :1], known[..., 1] - centre[:, 1:]
        reach = (tx.abs() / (wide[:, :, 0] + 3)) ** power[:, :, 0] + (
            ty.abs() / (radius[:, None] + 3)
        ) ** power[:, :, 0]
        covered = (reach < 1).any(1) & on
        blind = torch.isnan(tips).all(-1).all(-1) & on  # tips unknown: not to be trusted
        return image, torch.where((state == 0) & (covered | blind), 2, state)


def nearest(tips: Tensor) -> Tensor:
    """Least distance between two tips of an item (B TIPS 2 -> B, pixels); big without any."""
    far = (tips[:, :, None] - tips[:, None]).norm(dim=-1)
    same = torch.eye(tips.shape[1], dtype=torch.bool, device=tips.device)
    return torch.where(same | torch.isnan(far), 1e4, far).amin((1, 2))


assert list(SHARES) == list(KINDS)
