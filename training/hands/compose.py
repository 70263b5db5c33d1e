"""One training batch: layers of both makers over walls and scenes, with what may hide them.

Truth of an item: `state` (index into STATES), `count` class (0 = up to four, 1 = five, 2 = six or
more; only when countable), fingertips in crop pixels. All classes go through the same warps,
compositions and disturbances.
"""

from dataclasses import dataclass

import torch
from edits import KINDS, TIPS, Hands, _blur, edit
from packed import Pack
from torch import Tensor

SIZE = 224
STATES = ("countable", "folded", "hidden", "nothing")
TRUSTED = 0.8
"""Mask quality from which a photograph may be cut out."""

SHARES = {
    "plain": 0.17,
    "six": 0.2,
    "four": 0.17,
    "null": 0.17,
    "fused": 0.1,
    "together": 0.1,
    "seven": 0.05,
    "three": 0.04,
}
PACKED_ROI = 288 / 1.4
"""Side of the landmark region in a packed crop, in pixels."""


@dataclass
class Batch:
    """image B 3 224 224 (0..1), tips B TIPS 2, state B, count B, fold B (-1: both), maker, kind."""

    image: Tensor
    tips: Tensor
    state: Tensor
    count: Tensor
    fold: Tensor
    maker: Tensor
    kind: Tensor


@dataclass
class Renders:
    """Rendered layers kept as uint8: image N3, alpha N1, tips, count, pose, clear."""

    image: Tensor
    alpha: Tensor
    tips: Tensor
    count: Tensor
    pose: Tensor
    clear: Tensor


class Composer:
    """Makes batches; everything random comes from `seed`."""

    def __init__(self, pack: Pack, renders: Renders | None, seed: int, calm: bool = False) -> None:
        self.pack, self.renders, self.calm = pack, renders, calm
        self.g = torch.Generator().manual_seed(seed)
        self.device = pack.image.device
        five = (pack.shown == 5) & (pack.source < 2)
        self.open = torch.nonzero(five & (pack.trust > TRUSTED))[:, 0].cpu()
        self.any_open = torch.nonzero(five)[:, 0].cpu()
        self.closed = torch.nonzero(pack.shown < 5)[:, 0].cpu()

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
        centre = 144 + (self.rand(n, 2) - 0.5) * 22
        half = torch.full((n, 2, 1), SIZE / 2, device=self.device)
        return torch.cat([m, centre[:, :, None] - m @ half], 2)

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
        image = image * (1 + change * (tint * gain - 1))
        shadow = _blur(alpha, 8) * (0.35 * self.rand(n, 1, 1, 1) * change)
        return image * alpha + behind * (1 - shadow) * (1 - alpha)

    def scenes(self, n: int) -> Tensor:
        index = torch.randint(0, len(self.pack.scene), (n,), generator=self.g).to(self.device)
        image = torch.nn.functional.interpolate(
            self.pack.scene[index].float() / 255, SIZE, mode="bilinear"
        )
        return torch.where(self.rand(n, 1, 1, 1) < 0.5, image, image.flip(3))

    def batch(self, n: int, disturb: bool = True) -> Batch:
        """n items: half edited photographs, then renders, closed hands, untouched ones, scenes."""
        parts = {
            "A": int(n * 0.42),
            "B": int(n * 0.24),
            "closed": int(n * 0.2),
            "open": int(n * 0.09),
        }
        if self.renders is None:
            parts["A"], parts["B"] = parts["A"] + parts["B"], 0
        parts["scene"] = n - sum(parts.values())
        images, tips, states, counts, folds, makers, kinds = [], [], [], [], [], [], []

        def add(image, tip, state, count, fold, maker, kind):  # type: ignore[no-untyped-def]
            images.append(image)
            tips.append(tip)
            for store, value in (
                (states, state),
                (counts, count),
                (folds, fold),
                (makers, maker),
                (kinds, kind),
            ):
                full = torch.as_tensor(value, device=self.device)
                store.append(full.expand(len(image)) if full.ndim == 0 else full)

        fold = self.pack.fold
        index = self.choose(self.open, parts["A"])
        kind = torch.multinomial(
            torch.tensor(list(SHARES.values())), parts["A"], True, generator=self.g
        ).to(self.device)
        image, tip, _, count = self.photos(index, kind)
        add(image, tip, 0, count, fold[index], 0, kind)
        if parts["B"]:
            r = self.renders
            pick = torch.randint(0, len(r.image), (parts["B"],), generator=self.g).to(self.device)
            layer, alpha = r.image[pick].float() / 255, r.alpha[pick].float() / 255
            image = self._over(layer, alpha, self.scenes(len(pick)))
            state = torch.where(r.pose[pick] > 0, 1, torch.where(r.clear[pick], 0, 2))
            add(image, r.tips[pick], state, r.count[pick], -1, 1, -1)
        index = self.choose(self.closed, parts["closed"])
        image, tip, _, _ = self.photos(index, torch.zeros_like(index))
        raw = (self.rand(len(index)) < 0.5) | (self.pack.trust[index] < TRUSTED)
        image = torch.where(raw[:, None, None, None], self.untouched(index), image)
        add(image, tip, 1, self.pack.shown[index], fold[index], 2, -1)
        index = self.choose(self.any_open, parts["open"])
        nan = torch.full((len(index), TIPS, 2), torch.nan, device=self.device)
        add(self.untouched(index), nan, 0, 5, fold[index], 3, -1)
        nan = torch.full((parts["scene"], TIPS, 2), torch.nan, device=self.device)
        add(self.scenes(parts["scene"]), nan, 3, 0, -1, 4, -1)
        image, tip, state, count = (
            torch.cat(images),
            torch.cat(tips),
            torch.cat(states),
            torch.cat(counts),
        )
        if disturb:
            image, state = self.hide(image, tip, state)
        image, tip = self.flip(image, tip)
        out = ((tip < 2) | (tip > SIZE - 3)).any(-1).any(-1)
        state = torch.where((state == 0) & out, 2, state)
        group = torch.where(count <= 4, 0, torch.where(count == 5, 1, 2))
        if disturb:
            image = self.disturb(image)
        return Batch(
            image.clamp(0, 1),
            tip,
            state,
            group,
            torch.cat(folds),
            torch.cat(makers),
            torch.cat(kinds),
        )

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

    def disturb(self, image: Tensor) -> Tensor:
        """Light, colour, focus, resolution, noise, paint: what generators and cameras do."""
        n = len(image)
        wide = lambda p: (self.rand(n, 1, 1, 1) < p).float()  # noqa: E731
        image = image.clamp(0, 1) ** torch.exp((self.rand(n, 1, 1, 1) - 0.5) * 0.9)
        image = (
            image * (1 + (self.rand(n, 3, 1, 1) - 0.5) * 0.25)
            + (self.rand(n, 1, 1, 1) - 0.5) * 0.16
        )
        grey = image.mean(1, keepdim=True)
        image = grey + (image - grey) * (1 + (self.rand(n, 1, 1, 1) - 0.55) * 1.2 * wide(0.6))
        middle = image.mean((1, 2, 3), keepdim=True)
        image = middle + (image - middle) * (0.7 + 0.7 * self.rand(n, 1, 1, 1))
        chunks = []
        for part in image.split(max(n // 8, 1)):
            side = int(torch.randint(56, 224, (1,), generator=self.g))
            if torch.rand(1, generator=self.g) < 0.55:
                part = torch.nn.functional.interpolate(part, side, mode="bilinear", antialias=True)
                mode = "bicubic" if torch.rand(1, generator=self.g) < 0.5 else "bilinear"
                part = torch.nn.functional.interpolate(part, SIZE, mode=mode)
            chunks.append(part)
        image = torch.cat(chunks)
        soft = _blur(image, 1)
        image = image + (soft - image) * wide(0.2) + (image - soft) * wide(0.25) * 1.2
        flat = (_blur(image, 2) * 7).round() / 7
        image = image + (flat - image) * wide(0.06)
        grain = (
            torch.randn(image.shape, device=self.device) * 0.05 * self.rand(n, 1, 1, 1) * wide(0.5)
        )
        order = torch.randperm(n, generator=self.g)
        del order
        return (image + grain).clamp(0, 1)


assert list(SHARES) == list(KINDS)
