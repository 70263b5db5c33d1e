"""Teaches the net that tells sound strokes from damaged ones (`nets/text/strokes.py`).

    python training/text_samples.py 1 6000 SAMPLES1.npz [--fonts FOLDER]   (and 2 ... SAMPLES2.npz)
    python training/text.py SAMPLES1.npz SAMPLES2.npz iqmetrics/nets/text/strokes.npz

With OMP_NUM_THREADS=1 the same samples give the same bytes on one machine; 12,000 crops take a
minute. The first 1500 crops are held back; what is printed of them is rank correlation with the
degree of damage, and how well slight melt (.12 to .3) is told from none.
"""

import argparse
from pathlib import Path

import numpy as np

from iqmetrics.nets.text import strokes

PIECES, HELD_BACK, HIDDEN, EPOCHS, BATCH = 128, 1500, 64, 40, 64


def learnt_scale(images, rng):
    """Whitening and typical pieces of strokes, by spherical k-means with free signs."""
    found = []
    for image in images:
        patches, norms = strokes.patches(image)
        keep = np.flatnonzero(norms > 2.0)
        keep = rng.choice(keep, 30, replace=False) if len(keep) > 30 else keep
        found.append(patches[keep] / (norms[keep, None] + strokes.EPSILON))
    patches = np.concatenate(found)
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    whitening = (vectors / np.sqrt(np.maximum(values, 0) + 1e-3)) @ vectors.T
    white = patches @ whitening
    white /= np.linalg.norm(white, axis=1, keepdims=True) + 1e-3
    pieces = white[rng.choice(len(white), PIECES, replace=False)]
    for _ in range(12):
        like = white @ pieces.T
        nearest = np.abs(like).argmax(1)
        signed = white * np.sign(like[np.arange(len(white)), nearest])[:, None]
        sums = [signed[nearest == k].sum(0) for k in range(PIECES)]
        lone = [white[rng.integers(len(white))] if not s.any() else s for s in sums]
        pieces = np.stack(lone)
        pieces /= np.linalg.norm(pieces, axis=1, keepdims=True)
    return strokes.Scale(whitening.astype(np.float32), pieces.astype(np.float32))


def taught(told, damage):
    """Weights of the two layers, on standardised features."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(1)
    x, y = torch.from_numpy(told), torch.from_numpy(damage.astype(np.float32))
    net = nn.Sequential(
        nn.Dropout(0.1), nn.Linear(told.shape[1], HIDDEN), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(HIDDEN, 1),
    )  # fmt: skip
    steps = EPOCHS * (len(y) // BATCH + 1)
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=3e-2)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(y)).split(BATCH):
            off = torch.sigmoid(net(x[rows]).squeeze(1)) - y[rows]
            optimiser.zero_grad()
            (off * off + 0.3 * off.abs()).mean().backward()
            optimiser.step()
            pace.step()
    first, last = net[1], net[4]
    return {
        "hidden": first.weight, "hidden_bias": first.bias,
        "last": last.weight[0], "last_bias": last.bias,
    }  # fmt: skip


def report(answers, damage, kinds):
    """Prints how the held-back crops are told apart."""
    from scipy.stats import spearmanr

    slight = (kinds == "melt") & (damage > 0.12) & (damage < 0.3)
    whole = kinds == "none"
    better = answers[slight][:, None] > answers[whole][None]
    print("rho", spearmanr(answers, damage)[0], "slight melt AUC", better.mean())
    for kind in sorted(set(kinds) - {"none"}):
        print(kind, spearmanr(answers[kinds == kind], damage[kinds == kind])[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path, nargs="+")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    crops, rows, damage, kinds = [], [], [], []
    for path in args.samples:
        with np.load(path) as file:
            ends = np.cumsum(file["widths"])[:-1]
            crops += np.split(file["pixels"], ends, axis=1)
            rows += file["rows"].tolist()
            damage += file["damage"].tolist()
            kinds += file["kinds"].tolist()
    damage, kinds = np.array(damage), np.array(kinds)
    some = rng.choice(len(crops), min(1500, len(crops)), replace=False)
    scales = [learnt_scale([strokes.sizes(crops[k])[i] for k in some], rng) for i in (0, 1)]
    scales = [
        strokes.Scale(*(a.astype(np.float16).astype(np.float32) for a in (s.whitening, s.pieces)))
        for s in scales
    ]
    told = np.stack([strokes.features(c, r, scales) for c, r in zip(crops, rows, strict=True)])
    mean, spread = told.mean(0), told.std(0) + 1e-3
    seen = np.clip((told - mean) / spread, -5, 5)
    layers = taught(seen[HELD_BACK:], damage[HELD_BACK:])
    layers = {name: value.detach().numpy() for name, value in layers.items()}
    held = {
        "whitening": np.stack([s.whitening for s in scales]),
        "pieces": np.stack([s.pieces for s in scales]),
        "mean": mean, "spread": spread, **layers,
    }  # fmt: skip
    np.savez_compressed(args.out, **{k: v.astype(np.float16) for k, v in held.items()})
    names = ("mean", "spread", "hidden", "hidden_bias", "last", "last_bias")
    final = [held[name].astype(np.float16).astype(np.float32) for name in names]
    answers = np.array([strokes._answer(t, final) for t in told[:HELD_BACK]])
    report(answers, damage[:HELD_BACK], kinds[:HELD_BACK])


if __name__ == "__main__":
    main()
