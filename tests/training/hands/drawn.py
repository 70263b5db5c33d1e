"""Made-up material for the training code: a drawn hand, a pack of them, a rig of tubes."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[3] / "training" / "hands"))

from edits import Hands
from packed import Pack
from rig import FINGERS, Rig


def hand(n=3):
    """A hand of straight fingers in a 288 px frame: image, alpha and 21 landmarks."""
    points = torch.zeros(21, 2)
    points[0] = torch.tensor([144.0, 220.0])
    for f, angle in enumerate((-1.0, -0.35, -0.1, 0.12, 0.38)):
        way = torch.tensor([torch.sin(torch.tensor(angle)), -torch.cos(torch.tensor(angle))])
        for k in range(4):
            points[1 + 4 * f + k] = points[0] + way * (45 + 22 * k + (20 if f else 0))
    y, x = torch.meshgrid(torch.arange(288.0), torch.arange(288.0), indexing="ij")
    alpha = (((x - 144) ** 2 + (y - 195) ** 2) < 40**2).float()
    for f in range(5):
        for t in torch.linspace(0, 1, 40):
            p = points[1 + 4 * f] * (1 - t) + points[4 + 4 * f] * t
            alpha = torch.maximum(alpha, (((x - p[0]) ** 2 + (y - p[1]) ** 2) < 8**2).float())
    image = torch.stack([alpha * 0.8, alpha * 0.6, alpha * 0.5])
    stack = lambda t: t.expand(n, *t.shape).clone()  # noqa: E731
    return Hands(stack(image), stack(alpha[None]), stack(points))


def pack():
    """Four open hands (two in either fold), four closed ones, ten scenes of two pictures.

    Every pixel of the scenes of picture 0 (which is held for tests) is red, of picture 1 blue.
    """
    made = hand(8)
    scene = torch.zeros(10, 3, 32, 32, dtype=torch.uint8)
    scene[:5, 0], scene[5:, 2] = 255, 255
    return Pack(
        (made.image * 255).byte(),
        (made.alpha * 255).byte(),
        torch.full((8, 3, 128, 128), 128, dtype=torch.uint8),
        scene,
        made.points,
        torch.tensor([5, 5, 5, 5, 0, 1, 2, 4]),
        torch.tensor([0, 0, 1, 1, 0, 0, 1, 1]),
        torch.zeros(8, dtype=torch.long),
        torch.ones(8),
        [f"{i}.jpg" for i in range(8)],
    )


def tube(joints, radius, rings, sides=8):
    """A closed tube along joints (J 3): vertices, faces, and for each vertex its joint."""
    bones = joints[1:] - joints[:-1]
    vertices, owner = [], []
    for r in range(rings):
        t = r / (rings - 1) * len(bones)
        k = min(int(t), len(bones) - 1)
        centre = joints[k] + bones[k] * (t - k)
        round_end = (1 - max(0.0, (r - rings + 3) / 2) ** 2) ** 0.5
        for s in range(sides):
            a = torch.tensor(2 * torch.pi * s / sides)
            offset = torch.stack([a.cos(), 0 * a, a.sin()]) * radius * round_end
            vertices.append(centre + offset)
            owner.append(k)
    faces = []
    for r in range(rings - 1):
        for s in range(sides):
            a, b = r * sides + s, r * sides + (s + 1) % sides
            faces += [[a, a + sides, b], [b, a + sides, b + sides]]
    return torch.stack(vertices), torch.tensor(faces), owner


def rig():
    """A rig with the real one's joints and axes (metres; palm to -x, fingers to -y), of tubes."""
    names, joints = ["wrist"], [torch.zeros(3)]
    chains = []
    for f, finger in enumerate(FINGERS):
        z = -0.05 + 0.02 * f
        if f:
            at = [(-0.02, z * 0.3), (-0.095, z), (-0.135, z), (-0.16, z), (-0.18, z)]
        else:
            at = [(-0.02, -0.02), (-0.05, -0.045), (-0.075, -0.065), (-0.095, -0.08)]
        chains.append(list(range(len(names), len(names) + len(at))))
        names += [f"{finger}-{k}" for k in range(len(at))]
        joints += [torch.tensor([0.0, y, z]) for y, z in at]
    joints = torch.stack(joints)
    vertices, faces, weights = [], [], []

    def add(v, f, owners):
        faces.append(f + sum(map(len, vertices)))
        vertices.append(v)
        weights.append(torch.nn.functional.one_hot(torch.tensor(owners), len(names)).float())

    for chain in chains:
        v, f, owner = tube(joints[chain[1:]], 0.008, 16)
        add(v, f, [chain[1 + k] for k in owner])
    wide = torch.tensor([[0.0, 0.0, 0.0], [0.0, -0.095, 0.0]])
    v, f, owner = tube(wide, 0.034, 14, 24)
    v[:, 0] *= 0.3
    add(v, f, [0] * len(owner))
    return Rig(torch.cat(vertices), torch.cat(faces), torch.cat(weights), joints, names)
