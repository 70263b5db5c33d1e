"""Trains the small nets that see a shifted jaw (`nets/faces/jaw.py`).

    python training/faces_jaw.py STRIPS.npz SAMPLES.npz iqmetrics/nets/faces/jaw.npz JAW.npz

STRIPS.npz are the bent faces of `faces_jaw_strips.py`, of people who are never tested. SAMPLES.npz
are those of `faces_samples.py`, and JAW.npz is what is said of them, for `faces.py`: of each by
nets that never saw its person.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from faces import folds

from iqmetrics.nets.faces import jaw

DROP, RATE, DECAY, BATCH = 0.3, 3e-3, 0.05, 512
ROUNDS = (20, 40)
"""How often each of `jaw.NETS` sees all strips."""
HIDDEN = 0.3
"""How often a patch of a side is covered. These were chosen on people who are never tested."""
LEVELS = 12.0
"""Steps of the rounded weights in their usual size (see `faces.py`)."""
FOLDS, SEED, FOLD_SEED = 4, 11, 7


class Net(torch.nn.Module):
    """`jaw.told` in torch: prepared sides (n x 2 x 3 x rays x points) -> left's way (n x 2)."""

    def __init__(self, wide):
        super().__init__()
        layers, channels = [], 3
        for i, count in enumerate(wide):
            layers += [
                torch.nn.Conv2d(channels, count, 3, 1 if i == 0 else 2, 1, bias=False),
                torch.nn.BatchNorm2d(count),
                torch.nn.ReLU(),
            ]
            channels = count
        self.look = torch.nn.Sequential(*layers)
        self.drop = torch.nn.Dropout(DROP)
        self.tell = torch.nn.Linear(channels * jaw.SEEN, 2, bias=False)
        self.gate = torch.nn.Conv2d(channels, channels, 1)

    def forward(self, both):
        left, right = self.look(both.transpose(0, 1).flatten(0, 1)).chunk(2)
        off = (left - right) * torch.sigmoid(self.gate(left + right))
        return self.tell(self.drop(off.flatten(1)))


def shown(both):
    """`jaw.prepared` in torch: n x 2 x 3 x rays x points of Lab -> the same, evened out."""
    both = both - both.mean((3, 4), keepdim=True)
    return both / ((both**2).mean((1, 3, 4), keepdim=True).sqrt() + 4)


def varied(both, rng):
    """Strips (n x 2 x 3 x rays x points) photographed otherwise, each in its own way."""
    n, device = len(both), both.device

    def normal(*shape):
        return torch.randn(*shape, device=device, generator=rng)

    def some(share):
        return (torch.rand(n, 1, 1, 1, 1, device=device, generator=rng) < share).float()

    light, colour = both[:, :, :1], both[:, :, 1:]
    across = torch.linspace(-1, 1, both.shape[4], device=device)
    along = torch.linspace(-1, 1, both.shape[3], device=device)[:, None]
    slope = 0.15 * normal(n, 2, 1, 1, 1) * across + 0.15 * normal(n, 2, 1, 1, 1) * along
    gain = torch.exp(0.15 * normal(n, 1, 1, 1, 1) + 0.1 * normal(n, 2, 1, 1, 1) + slope)
    power = torch.exp(0.2 * normal(n, 1, 1, 1, 1))
    light = 255 * (light.clamp(0, 255) / 255) ** power * gain
    colour = 128 + (colour - 128) * torch.exp(0.3 * normal(n, 1, 1, 1, 1)) * (1 - some(0.1))
    both = torch.cat([light, colour], 2)
    flat = torch.nn.functional.avg_pool2d(both.flatten(0, 2), 3, 1, 1).view_as(both)
    both = torch.lerp(both, flat, some(0.3))
    both = both + 6 * some(0.3) * torch.rand_like(both[:, :1, :1, :1, :1]) * normal(*both.shape)
    return both.clamp(0, 255)


def rolled(both, rng):
    """Both sides moved together by a place or two."""
    along, out = (torch.randint(-k, k + 1, (1,), generator=rng, device=both.device) for k in (1, 2))
    return torch.roll(both, (int(along), int(out)), (3, 4))


def hidden(both, rng):
    """Strips with a patch of either side covered now and then, as by hair."""
    n, _, _, rays, points = both.shape

    def uniform(low, high):
        return low + (high - low) * torch.rand(n, 2, 1, 1, 1, device=both.device, generator=rng)

    y = torch.arange(rays, device=both.device)[:, None]
    x = torch.arange(points, device=both.device)
    down, right = uniform(0, rays), uniform(0, points)
    patch = ((y - down).abs() < uniform(4, 12)) & ((x - right).abs() < uniform(4, 12))
    other = both[torch.randperm(n, device=both.device, generator=rng)].mean((3, 4), keepdim=True)
    return torch.where(patch & (uniform(0, 1) < HIDDEN), other, both)


def learn_all(strips, answers):
    """All nets, each learned from the same strips."""
    return [learn(strips, answers, *how) for how in zip(jaw.NETS, ROUNDS, strict=True)]


def learn(strips, answers, wide, rounds):
    """A net that learned from strips (n x 2 x rays x points x 3 bytes) and answers (n x 2)."""
    device = strips.device
    torch.manual_seed(SEED)
    rng = torch.Generator(device).manual_seed(SEED)
    net = Net(wide).to(device)
    steps = rounds * (len(strips) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.2)
    for _ in range(rounds):
        order = torch.randperm(len(strips), device=device, generator=rng)
        for rows in order[: len(order) // BATCH * BATCH].split(BATCH):
            both = rolled(strips[rows].permute(0, 1, 4, 2, 3).float(), rng)
            off = net(shown(hidden(varied(both, rng), rng))) - jaw.SCALE * answers[rows]
            optimiser.zero_grad(set_to_none=True)
            (off**2).mean().backward()
            optimiser.step()
            plan.step()
    return net.eval()


@torch.no_grad()
def answers_of(nets, strips):
    """What nets say of strips in the mean (n x 2, eye distances)."""
    parts = []
    for some in strips.split(2048):
        both = shown(some.permute(0, 1, 4, 2, 3).float())
        parts.append(sum(net(both) for net in nets) / len(nets))
    return torch.cat(parts) / jaw.SCALE


def layers_of(net):
    """(weights, added) of every layer of a net, its normalisation folded in."""
    state = {k: v.cpu().numpy() for k, v in net.state_dict().items()}
    layers = []
    for i in [int(k.split(".")[1]) - 1 for k in state if k.endswith("running_mean")]:
        mean, spread, scale, add = (
            state[f"look.{i + 1}.{k}"] for k in ("running_mean", "running_var", "weight", "bias")
        )
        scale = scale / np.sqrt(spread + 1e-5)
        own = state[f"look.{i}.weight"] * scale[:, None, None, None]
        layers.append((own.reshape(len(own), -1), add - mean * scale))
    layers.append((state["gate.weight"][..., 0, 0], state["gate.bias"]))
    return [*layers, (state["tell.weight"], np.zeros(2, np.float32))]


def packed(nets):
    """The arrays that `jaw.unpacked` reads: weights rounded to bytes, a step for each output."""
    layers = [layer for net in nets for layer in layers_of(net)]
    steps, rounded = [], []
    for own, _ in layers:
        step = np.maximum(np.sqrt((own**2).mean(1)) / LEVELS, np.abs(own).max(1) / 127)
        steps.append(step.astype(np.float32))
        rounded.append(np.round(own / steps[-1][:, None]).astype(np.int8).ravel())
    return {
        "weights": np.concatenate(rounded),
        "step": np.concatenate(steps),
        "add": np.concatenate([add for _, add in layers]).astype(np.float32),
    }


def fit(strips, samples, constants, answers):
    """Writes the nets, and what nets that never saw a sample's person say of every sample."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data, study = dict(np.load(strips)), np.load(samples)
    learns = data["kind"] == "learn"
    bent = torch.from_numpy(data["strips"][learns]).to(device)
    asked = torch.from_numpy(data["answer"][learns]).to(device)
    everybody = np.unique(data["person"])
    fold = dict(zip(everybody, folds(everybody, FOLDS, FOLD_SEED), strict=True))
    own = np.array([fold[p] for p in data["person"][learns]])
    seen = torch.from_numpy(study["strips"]).to(device)
    whole = learn_all(bent, asked)
    np.savez_compressed(constants, **packed(whole))
    said = answers_of(whole, seen).cpu().numpy()
    theirs = np.array([fold.get(p, -1) for p in study["person"]])
    for f in range(FOLDS):
        rest = torch.from_numpy(np.flatnonzero(own != f)).to(device)
        nets = learn_all(bent[rest], asked[rest])
        said[theirs == f] = answers_of(nets, seen[np.flatnonzero(theirs == f)]).cpu().numpy()
    np.savez_compressed(answers, jaw=said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("strips", type=Path)
    parser.add_argument("samples", type=Path)
    parser.add_argument("constants", type=Path)
    parser.add_argument("answers", type=Path)
    args = parser.parse_args()
    fit(args.strips, args.samples, args.constants, args.answers)


if __name__ == "__main__":
    main()
