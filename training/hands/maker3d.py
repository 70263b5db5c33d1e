"""Maker B: a rigged hand posed, rebuilt with 4 to 7 fingers, skinned, lit and drawn, all in torch.

The mesh is `generic-hand/right.glb` of npm's @webxr-input-profiles/assets (MIT): 25 joints,
palm towards -x, fingers towards -y. Fingers are left out by shrinking their bones into the knuckle
and added as copies that share the palm; bases are welded in the picture by smoothing the normals
where two copies meet. Drawing is by dense surface points with a depth buffer.
"""

from dataclasses import dataclass

import torch
from edits import Edited, _blur
from rig import Rig, about, turn
from torch import Tensor

POSES = ("open", "fold", "fist", "grip")

APART = 0.056
"""From this distance, as a share of the picture's side, two tips count as separate."""

TOUCHING = 0.042
"""Below this distance they do not."""


@dataclass
class Rendered(Edited):
    """An `Edited` layer with its pose (index into POSES) and whether every tip is in plain view.

    clear: 1 yes; 0 no (a tip is hidden, or two are nearer than TOUCHING); -1 in between.
    """

    pose: Tensor
    clear: Tensor
    fused: Tensor


class Maker:
    """Draws batches of posed hands on one device."""

    def __init__(self, rig: Rig, device: str, dense: int = 8) -> None:
        self.rig, self.device = rig, device
        self.v, self.f = rig.vertices.to(device), rig.faces.to(device)
        self.w, self.j = rig.weights.to(device), rig.joints.to(device)
        self.chains = [rig.chain(k) for k in range(5)]
        self.chains[0] = [*self.chains[0], self.chains[0][-1]]
        own = torch.stack([self.w[:, sorted(set(c))].sum(1) for c in self.chains])
        self.member = (own[:, self.f] > 0.4).all(2)  # 5 F
        steps = [(i, k) for i in range(dense) for k in range(dense - i)]
        uv = torch.tensor(
            [[(i + 1 / 3) / dense, (k + 1 / 3) / dense] for i, k in steps], device=device
        )
        self.bary = torch.cat([uv, 1 - uv.sum(1, keepdim=True)], 1)  # P 3

    def make(self, b: int, size: int, g: torch.Generator) -> Rendered:
        """b hands as layers of size x size."""
        dev = self.device

        def rand(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=g).to(dev)

        x_axis = torch.tensor([1.0, 0, 0], device=dev)
        row = torch.arange(b, device=dev)
        pose = torch.multinomial(torch.tensor([0.74, 0.13, 0.06, 0.07]), b, True, generator=g).to(
            dev
        )
        extra = torch.multinomial(torch.tensor([0.62, 0.32, 0.06]), b, True, generator=g).to(dev)
        extra = torch.where(pose == 0, extra, 0)
        fewer = ((rand(b) < 0.36) & (extra == 0) & (pose == 0)).float()
        fused = (rand(b) < 0.30) & (extra == 0) & (pose == 0) & (fewer == 0)
        lost = 1 + torch.floor(rand(b) * 4).long()
        gone = torch.zeros(b, 7, device=dev)
        gone[row, lost] = fewer
        slot = 1 + torch.floor(rand(b, 2) * 4).long()
        slot[:, 1] = torch.where(slot[:, 1] == slot[:, 0], slot[:, 0] % 4 + 1, slot[:, 1])
        order = torch.arange(5, device=dev)[None]
        spin = (rand(b, 7) - 0.5) * 0.05
        for e in range(2):
            on = (extra > e).float()[:, None]
            inner = (slot[:, e : e + 1] < 4).float()
            side = torch.where(order <= slot[:, e : e + 1], -0.5, 0.5)
            spin[:, :5] += side * on * (inner * (0.20 + 0.08 * rand(b, 1)) + (1 - inner) * 0.06)
        inside = ((lost > 1) & (lost < 4)).float()[:, None] * fewer[:, None]
        spin[:, :5] += torch.where(order < lost[:, None], 0.5, -0.5) * 0.20 * inside
        fan = torch.tensor([0.0, -0.16, -0.04, 0.06, 0.20], device=dev)
        spread = torch.zeros(b, 7, device=dev)
        spread[:, :5] = fan * (0.1 + 1.2 * rand(b, 1)) + (rand(b, 5) - 0.5) * 0.10
        spread[:, 0] = -0.1 - 0.5 * rand(b)
        flex = rand(b, 7, 3) * 0.30 * rand(b, 1, 1) + rand(b, 7, 3) * 0.12
        curl = torch.tensor([1.35, 1.6, 1.0], device=dev)
        folded = (rand(b, 5) < 0.3).float()
        folded[row, torch.floor(rand(b) * 5).long()] = 1
        folded = torch.where(
            (pose == 1)[:, None], folded, (pose == 2).float()[:, None].expand(b, 5)
        )
        flex[:, :5] = (
            flex[:, :5] * (1 - folded[..., None])
            + curl * (0.85 + 0.25 * rand(b, 5, 1)) * folded[..., None]
        )
        grip = (pose == 3).float()[:, None, None]
        flex[:, :5] = flex[:, :5] * (1 - grip) + grip * torch.tensor(
            [0.75, 0.9, 0.5], device=dev
        ) * (0.8 + 0.5 * rand(b, 5, 1))
        source = torch.zeros(b, 7, dtype=torch.long, device=dev)
        source[:, :5] = order
        for e in range(2):
            low, high = slot[:, e], (slot[:, e] + 1).clamp_max(4)
            out = (slot[:, e] == 4).float()
            donor = torch.where(rand(b) < 0.5, low, high)
            source[:, 5 + e] = donor
            at_low, at_high = (
                self._bearing(low) + spin[row, low],
                self._bearing(high) + spin[row, high],
            )
            goal = (at_low + at_high) / 2 + out * (0.26 + 0.08 * rand(b))
            spin[:, 5 + e] = goal - self._bearing(donor)
            spread[:, 5 + e] = (spread[row, low] + spread[row, high]) / 2 + out * 0.1
            flex[:, 5 + e] = flex[row, low] + (rand(b, 3) - 0.5) * 0.1
        length = 0.92 + 0.16 * rand(b, 7)
        width = 0.9 + 0.2 * rand(b, 7)
        left = self._fuse(fused, spin, spread, flex, gone, length, width, rand)
        transforms, tips, marks = self._pose(
            spin, spread, flex, source, gone, length, width, x_axis
        )
        both = (tips[row, left] + tips[row, left + 1]) / 2
        both = torch.where(gone[row, left + 1, None] > 0, tips[row, left], both)
        tips[row, left] = torch.where(fused[:, None], both, tips[row, left])
        on = torch.cat(
            [torch.ones(b, 5, device=dev), (extra[:, None] > torch.arange(2, device=dev)).float()],
            1,
        )
        alive = (on > 0) & (gone == 0)
        alive[row, left + 1] &= ~fused

        # camera: yaw 0 = palm, pi = back
        yaw = (rand(b) - 0.5) * 1.5 + torch.pi * (rand(b) < 0.4).float()
        pitch, roll = (rand(b) - 0.5) * 1.1, (rand(b) - 0.5) * 0.5
        look = turn(x_axis, roll) @ turn(torch.tensor([0.0, 0, 1], device=dev), pitch)
        look = look @ turn(torch.tensor([0.0, 1, 0], device=dev), yaw)
        mirror = torch.where(rand(b) < 0.5, -1.0, 1.0)

        def camera(p: Tensor) -> Tensor:
            q = (p - self.j[0]) @ look.transpose(1, 2)
            q = torch.stack([q[..., 2] * mirror[:, None], q[..., 1], q[..., 0]], -1)
            return torch.cat([q[..., :2] / (1 + q[..., 2:] * 1.2), q[..., 2:]], -1)

        seen = camera(marks)
        centre, wide = self._region(seen[..., :2])
        zoom = size / (wide * (0.88 + 0.3 * rand(b)))
        shift = (rand(b, 2) - 0.5) * 0.10 * size + size / 2

        def pixel(q: Tensor) -> Tensor:
            return (q[..., :2] - centre[:, None]) * zoom[:, None, None] + shift[:, None]

        layers = []
        for c in range(3):  # the hand, then two possible copies
            vertices = self._skin(transforms, source, c)
            layers.append(camera(vertices))
        colour, alpha, depth = self._draw(
            layers, source, extra, pixel, size, rand, camera(tips), look, mirror, seen
        )
        points = pixel(camera(tips))
        far = (points[:, :, None] - points[:, None]).norm(dim=-1) + 1e4 * torch.eye(7, device=dev)
        pair = alive[:, :, None] & alive[:, None]
        apart = torch.where(pair, far, 1e4).amin((1, 2)) / size
        z = camera(tips)[..., 2]
        grid = points / size * 2 - 1
        front = -torch.nn.functional.max_pool2d(-depth, 3, 1, 1)
        at = torch.nn.functional.grid_sample(front, grid[:, None], align_corners=False)[:, 0, 0]
        visible = ((z - at < 0.014) | ~alive).all(1)
        inside = (((points > 3) & (points < size - 3)).all(-1) | ~alive).all(1)
        tip_out = torch.where(alive[..., None], points, torch.nan)
        shown = visible & inside
        between = torch.where(shown & (apart > TOUCHING), -1, 0)
        clear = torch.where(shown & (apart > APART), 1, between)
        return Rendered(colour, alpha, tip_out, alive.sum(1), pose, clear, fused)

    def _fuse(self, fused, spin, spread, flex, gone, length, width, rand):  # type: ignore[no-untyped-def]
        """Make finger `left` (answered, B) and the next one: half are one broad finger, half are
        two that run into each other from the knuckle to the tip."""
        b = len(fused)
        row = torch.arange(b, device=self.device)
        left = 1 + torch.floor(rand(b) * 3).long()
        broad = fused & (rand(b) < 0.5)
        near = (self._bearing(left + 1) - self._bearing(left)) / 2
        near = near * torch.where(broad, 1.0, 0.62 + 0.2 * rand(b)) * fused
        spin[row, left] += near
        spin[row, left + 1] -= near
        for value in (spread, flex, length):
            mean = (value[row, left] + value[row, left + 1]) / 2
            on = fused.reshape(-1, *[1] * (mean.ndim - 1))
            value[row, left] = torch.where(on, mean, value[row, left])
            value[row, left + 1] = torch.where(on, mean, value[row, left + 1])
        gone[row, left + 1] = torch.maximum(gone[row, left + 1], broad.float())
        width[row, left] *= torch.where(broad, 1.4 + 0.5 * rand(b), 1.0)
        return left

    def _bearing(self, finger: Tensor) -> Tensor:
        """Angle of a knuckle about the wrist, in the palm plane (0 = along -y, + = little side)."""
        knuckles = torch.stack([self.j[c[1]] for c in self.chains]) - self.j[0]
        return torch.atan2(knuckles[:, 2], -knuckles[:, 1])[finger]

    def _pose(self, spin, spread, flex, source, gone, length, width, x_axis):  # type: ignore[no-untyped-def]
        b = len(spin)
        tables = torch.tensor(self.chains, device=self.device)
        parts, tips, marks = [], [], []
        palm = torch.tensor([-1.0, 0, 0], device=self.device)
        for c in range(7):
            joints = self.j[tables[source[:, c]]]  # B 5 3
            thumb = (source[:, c] == 0).float()
            way = torch.nn.functional.normalize(joints[:, 4] - joints[:, 1], dim=1)
            hinge = torch.nn.functional.normalize(
                torch.linalg.cross(way, palm.expand_as(way)), dim=1
            )
            opened = turn(x_axis, -spread[:, c])
            base = about(turn(x_axis, -spin[:, c]), self.j[0].expand(b, 3))
            meta = base @ about(turn(x_axis, -spread[:, c] * thumb), joints[:, 0])
            root = (
                opened * (1 - thumb)[:, None, None]
                + torch.eye(3, device=self.device) * thumb[:, None, None]
            )
            shrink = torch.where(gone[:, c] > 0, 0.03, length[:, c])[:, None, None]
            across = hinge[:, :, None] @ hinge[:, None]
            stretch = torch.eye(3, device=self.device) + (width[:, c, None, None] - 1) * across
            bent = root @ turn(hinge, flex[:, c, 0] * (1 - 0.6 * thumb))
            one = meta @ about(bent @ stretch * shrink, joints[:, 1])
            two = one @ about(turn(hinge, flex[:, c, 1] * (1 - 0.3 * thumb)), joints[:, 2])
            three = two @ about(turn(hinge, flex[:, c, 2] * (1 - thumb)), joints[:, 3])
            chain = torch.stack([meta, one, two, three, three], 1)
            parts.append(chain)
            put = (chain[..., :3, :3] @ joints[..., None])[..., 0] + chain[..., :3, 3]
            tips.append(put[:, 4])
            if c < 5:
                marks.append(put[:, [0, 1, 2, 4]] if c == 0 else put[:, 1:5])
        wrist = self.j[0].expand(b, 1, 3)
        return torch.stack(parts, 1), torch.stack(tips, 1), torch.cat([wrist, *marks], 1)

    def _skin(self, chains: Tensor, source: Tensor, copy: int) -> Tensor:
        """Vertices of the hand (copy 0), or of the hand with one finger taken by a copy (1, 2)."""
        b = len(chains)
        joints = torch.eye(4, device=self.device).repeat(b, 25, 1, 1)
        row = torch.arange(b, device=self.device)
        for k in range(5):
            take = chains[:, k]
            if copy:
                swap = (source[:, 4 + copy] == k)[:, None, None, None]
                take = torch.where(swap, chains[:, 4 + copy], take)
            last = 4 if k == 0 else 5
            for n, joint in enumerate(self.chains[k][:last]):
                joints[row, joint] = take[:, n]
        mixed = torch.einsum("vj,bjmn->bvmn", self.w, joints[:, :, :3])
        return (mixed[..., :3] @ self.v[None, :, :, None])[..., 0] + mixed[..., 3]

    def _region(self, marks: Tensor) -> tuple[Tensor, Tensor]:
        used = marks[:, [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]]
        low, high = used.amin(1), used.amax(1)
        side = (high - low).amax(1)
        centre = (low + high) / 2
        return centre - torch.stack([0 * side, 0.1 * side], 1), 2.0 * side

    def _draw(self, layers, source, extra, pixel, size, rand, tips, look, mirror, seen):  # type: ignore[no-untyped-def]
        b = len(source)
        dev = self.device
        side = size * 2
        best = torch.full((b, side * side), 1 << 62, dtype=torch.long, device=dev)
        attributes = []
        samples = len(self.f) * len(self.bary)
        for c, q in enumerate(layers):
            corners = q[:, self.f]  # B F 3 3
            normal = torch.linalg.cross(
                corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
            )
            smooth = torch.zeros_like(q).index_add_(
                1, self.f.reshape(-1), normal.repeat_interleave(3, 1)
            )
            normal = torch.nn.functional.normalize(smooth, dim=-1)
            at = torch.einsum("pk,bfkd->bfpd", self.bary, corners).reshape(b, samples, 3)
            nn = torch.einsum("pk,bfkd->bfpd", self.bary, normal[:, self.f]).reshape(b, samples, 3)
            xy = (pixel(at) * 2).long()
            shown = ((xy >= 0) & (xy < side)).all(-1)
            outward = -mirror[:, None] * nn[..., 2]
            shown &= outward < 0.15
            if c:
                mine = self.member[source[:, 4 + c]] & (extra >= c)[:, None]
                shown &= mine[:, :, None].expand(-1, -1, len(self.bary)).reshape(b, samples)
            key = (
                ((at[..., 2] + 1) * 1e6).long() * (1 << 24)
                + c * samples
                + torch.arange(samples, device=dev)
            )
            key = torch.where(shown, key, 1 << 62)
            where = torch.where(shown, xy[..., 1] * side + xy[..., 0], 0)
            best.scatter_reduce_(1, where, key, "amin")
            attributes.append(torch.cat([nn, at[..., 2:]], -1))
        hit = best < (1 << 62)
        index = torch.where(hit, best % (1 << 24), 0)
        table = torch.cat(attributes, 1)
        image = (
            table.gather(1, index[..., None].expand(-1, -1, 4))
            .transpose(1, 2)
            .reshape(b, 4, side, side)
        )
        hit = hit.float().reshape(b, 1, side, side)
        hit = 1 - torch.nn.functional.max_pool2d(
            1 - torch.nn.functional.max_pool2d(hit, 5, 1, 2), 5, 1, 2
        )
        hit = torch.minimum(hit, (_blur(hit, 1) > 0.35).float())
        known = (best.reshape(b, 1, side, side) < (1 << 62)).float()
        filled = _blur(image * known, 2) / _blur(known, 2).clamp_min(1e-3)
        image = torch.where(known > 0, image, filled)
        normal = _blur(image[:, :3] * hit, 3) / _blur(hit, 3).clamp_min(1e-3)
        normal = torch.nn.functional.normalize(normal * 0.75 + image[:, :3] * 0.25, dim=1)
        normal = normal * torch.where(normal[:, 2:] > 0, -1.0, 1.0)
        depth = image[:, 3:]
        mean = _blur(depth * hit, 9) / _blur(hit, 9).clamp_min(1e-3)
        shade = (1 - (depth - mean).clamp(-0.01, 0.02) * 22).clamp(0.45, 1.1)
        light = torch.nn.functional.normalize(
            torch.stack([rand(b) * 2 - 1, rand(b) * 1.6 - 1.1, -0.4 - rand(b)], 1), dim=1
        )
        lit = (normal * light[:, :, None, None]).sum(1, keepdim=True)
        wrap = 0.25 + 0.5 * rand(b, 1, 1, 1)
        lit = ((lit + wrap) / (1 + wrap)).clamp_min(0)
        tone = rand(b, 1) ** 0.8
        pale, dark = (
            torch.tensor([0.93, 0.74, 0.64], device=dev),
            torch.tensor([0.36, 0.23, 0.16], device=dev),
        )
        skin = (pale * tone + dark * (1 - tone)) * (1 + (rand(b, 3) - 0.5) * 0.16)
        noise = 0
        for cells, strength in ((7, 0.10), (28, 0.07), (112, 0.06)):
            cloud = rand(b, 1, cells, cells) - 0.5
            noise = noise + torch.nn.functional.interpolate(cloud, side, mode="bicubic") * strength
        ambient = 0.25 + 0.35 * rand(b, 1, 1, 1)
        colour = skin[:, :, None, None] * (ambient + (1.15 - ambient) * lit) * shade * (1 + noise)
        red = torch.tensor([0.10, -0.02, -0.03], device=dev)[:, None, None]
        colour = colour + red * (1 - lit) * lit * 1.5
        colour = self._nails(colour, tips, pixel, normal, image, side, rand, look)
        pool = torch.nn.functional.avg_pool2d
        alpha = pool(hit, 2)
        colour = pool(colour * hit, 2) / alpha.clamp_min(1e-3)
        colour, alpha = self._arm(colour, alpha, pixel, skin, size, rand, seen)
        far = torch.where(hit > 0, depth, torch.full_like(depth, 9.0))
        return colour.clamp(0, 1), alpha, -torch.nn.functional.max_pool2d(-far, 2)

    def _arm(self, colour, alpha, pixel, skin, size, rand, seen):  # type: ignore[no-untyped-def]
        """A forearm or sleeve behind the hand, in two of three pictures."""
        b = len(colour)
        p = pixel(seen[:, [0, 9]])
        way = torch.nn.functional.normalize(p[:, 0] - p[:, 1], dim=1)
        zoom = (pixel(seen[:, [0]] + 1) - p[:, :1])[:, 0, 0].abs()
        line = torch.arange(size, device=self.device) + 0.5
        y, x = torch.meshgrid(line, line, indexing="ij")
        dx, dy = x - p[:, 0, 0, None, None], y - p[:, 0, 1, None, None]
        t = dx * way[:, 0, None, None] + dy * way[:, 1, None, None]
        off = (dx * way[:, 1, None, None] - dy * way[:, 0, None, None]).abs()
        half = (0.026 + 0.010 * rand(b)) * zoom
        half = half[:, None, None] * (1 + 0.1 * (t / zoom[:, None, None] / 0.1).clamp(0, 3))
        arm = torch.sigmoid(half - off) * torch.sigmoid(t - 0.004 * zoom[:, None, None])
        arm = (arm * (rand(b) < 0.67).float()[:, None, None])[:, None]
        cloth = torch.where((rand(b, 1) < 0.3), rand(b, 3), skin)[:, :, None, None]
        tone = cloth * (0.5 + 0.5 * (1 - (off / half).clamp(0, 1) ** 2).sqrt())[:, None]
        total = alpha + arm * (1 - alpha)
        return (colour * alpha + tone * arm * (1 - alpha)) / total.clamp_min(1e-3), total

    def _nails(self, colour, tips, pixel, normal, image, side, rand, look):  # type: ignore[no-untyped-def]
        """A brighter, pinker oval near each tip, where the back of the hand faces the viewer."""
        back = look @ torch.tensor([1.0, 0, 0], device=self.device)
        faces = (-back[:, 0] > 0.25).float()
        line = torch.arange(side, device=self.device) / 2
        y, x = torch.meshgrid(line, line, indexing="ij")
        p = pixel(tips)
        pink = torch.tensor([1.12, 1.0, 0.99], device=self.device)[:, None, None]
        for c in range(7):
            d2 = (x - p[:, c, 0, None, None]) ** 2 + ((y - p[:, c, 1, None, None] - 2) * 0.75) ** 2
            near = torch.sigmoid((16 - d2) * 0.4)[:, None]
            close = ((image[:, 3:] - tips[:, c, 2, None, None, None]).abs() < 0.012).float()
            nail = near * close * faces[:, None, None, None]
            colour = colour * (1 - nail) + nail * (colour * pink + 0.07)
        return colour
