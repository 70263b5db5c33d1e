"""Fits the constants of `face`: which left-right differences mean which crooked region.

    python training/faces.py SAMPLES.npz JAW.npz iqmetrics/nets/faces/symmetry.npz

JAW.npz holds what the nets of `faces_jaw.py` say of the same samples.

Each region's displacement (2 numbers, eye distances) is read off the signed differences of
`measure`, linearly, without a constant. The weights are made so that a planted displacement answers
fully and whatever normal faces do by themselves (pose, light, natural asymmetry) answers as little
as possible. The spread of the answers on normal faces (out of fold, people disjoint) is the unit.

There are far more differences than samples, so the weights are sought among the sums of samples:
all that a fit needs is the products of the samples with each other, computed once (on a GPU if
torch sees one: minutes instead of hours).
"""

import argparse
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from iqmetrics.nets.faces.heads import crooked, design, energy, joined, malformed, scaled, signs

REGIONS = 5
SHRINK = (0.8, 0.8, 0.8, 0.95, 0.8)
"""Weight, by region, of independent differences in the covariance of normal faces."""
REST = (0.1, 0.1, 0.1, 0.01, 1.0)
"""Weight, by region, of what a displacement changes beyond its mean answer. All three were chosen
on the people who are never tested."""
LEVEL = 0.35
"""A kind of n differences counts n^-LEVEL as much a difference, so that a few landmarks are heard
beside thousands of inner numbers of the net (chosen likewise)."""
FINER = {128 * 144: 128, 64 * 64: 64}
"""Channels of the net's finer layers, by their size: a channel has one scale."""
LEVELS = 6.0
"""Steps of the rounded weights in their usual size: below 5 bits a weight. Rounding moves an answer
by about 2 % of the spread of normal faces (at 8 steps by 0.6 to 1.5 %, measured)."""
JAW = REGIONS - 1
PUSHED = (0.08, 0.13)
"""Pushes of the jaw (eye distances) that say what its answers are worth."""
BROKEN_RIDGE = 30.0
WIDER = 1.3
FALSE_ALARMS = 0.05
"""Share of normal faces that may reach 0.5 on `malformed`."""
FOLDS = 5
HELD_OUT = 10
"""Folds of the scores of unseen people, each made with `FOLDS` inner ones."""
FRONTAL = 30.0
HELD_BACK = "p046"
"""The face of the tests and fixtures; the shipped constants have never seen it."""


def folds(person, count=FOLDS, seed=3):
    """A fold number for every sample such that a person is in one fold only."""
    people = np.random.default_rng(seed).permutation(np.unique(person))
    return np.argmax(person[:, None] == people[None], 1) % count


def usable(data):
    return (
        np.isfinite(data["yaw"]) & (np.abs(data["yaw"]) <= FRONTAL) & (data["found"][:, 1] >= 0.9)
    )


class Samples:
    """The measured faces and the products of their scaled differences with each other.

    The scale of a difference is its usual size on normal faces of people who are never tested.
    """

    def __init__(self, data):
        self.kind, self.index, self.person = data["kind"], data["index"], data["person"]
        self.yaw, self.answer, self.broken = data["yaw"], data["answer"], data["broken"]
        self.jaw = data["jaw"]
        self.usable, self.formal = usable(data), data["formal"]
        self.normal = np.isin(self.kind, ["normal", "train_normal"])
        first = {i: k for k, i in enumerate(self.index) if self.kind[k] == "normal"}
        self.base = np.array([first[i] for i in self.index])
        self.differences = np.nan_to_num(data["skew"])
        self.blocks, self.grids = data["blocks"], data["grids"]
        rows = self.differences[self.normal & self.usable & ~data["tested"]]
        starts = [*self.blocks, rows.shape[1]]
        self.scale = usual_size(rows, starts)
        self.loud = loudness(np.diff(starts))
        where = "cuda" if torch.cuda.is_available() else "cpu"
        self.products = torch.zeros((len(self.kind),) * 2, device=where)
        for columns in np.array_split(np.arange(rows.shape[1]), 24):
            z = torch.from_numpy(self.heard(columns)).to(where)
            self.products.addmm_(z, z.T)
        self.strength = np.concatenate(
            [energy(d, vars(self)) for d in np.array_split(self.differences, 30)]
        )

    def __getitem__(self, name):
        return getattr(self, name)

    def heard(self, columns):
        """Some of the differences in units of their usual size, louder where a kind has few."""
        z = scaled(self.differences[:, columns].astype(np.float32), self.scale[columns])
        return (z * self.loud[columns]).astype(np.float32)


def loudness(sizes):
    """Factor of each difference by the size of its kind; root mean square 1."""
    loud = np.repeat(sizes ** (-LEVEL / 2), sizes)
    return loud / np.sqrt((loud**2).mean())


def usual_size(rows, starts):
    """Root mean square of each difference; of a finer layer of the net, of each channel."""
    size = np.sqrt((rows.astype(np.float32) ** 2).mean(0, dtype=np.float64))
    for start, stop in pairwise(starts):
        channels = FINER.get(stop - start, stop - start)
        mean = np.sqrt((size[start:stop].reshape(channels, -1) ** 2).mean(1))
        size[start:stop] = np.repeat(mean, (stop - start) // channels)
    return (size + 1e-3 * np.median(size) + 1e-9).astype(np.float16).astype(np.float64)


def displacement(data, rows):
    """Linear displacement heads from the given rows, as sums of samples.

    A pushed face minus the same face as it was shows how the differences answer to a displacement;
    normal faces show how much they vary without one. The weights are the generalised least squares
    of the two, with the variation shrunk towards independent differences.

    Returns:
        (which, parts): the weights are the scaled differences of the samples `which`, summed with
        `parts` (samples x 10).
    """
    normal = np.flatnonzero(rows & data.normal)
    push = np.flatnonzero(rows & (data.kind == "train_push") & rows[data.base])
    base = data.base[push]
    products = data.products
    answer = torch.tensor(data.answer[push].reshape(-1, 2 * REGIONS)).to(products)
    ridge = 1e-3 * torch.eye(2 * REGIONS).to(answer)
    pooled = torch.linalg.solve(answer.T @ answer + ridge, answer.T)
    far = part(products, push, push) - part(products, push, base)
    far -= part(products, base, push)
    far += part(products, base, base)
    across = part(products, normal, push) - part(products, normal, base)
    seen = torch.hstack([pooled @ across.T, pooled @ far])
    far = beyond(beyond(far, pooled, answer).T, pooled, answer)
    between = beyond(across, pooled, answer).T
    meets = [seen[:, : len(normal)], beyond(seen[:, len(normal) :], pooled, answer)]
    which = np.unique([*normal, *push, *base])
    parts = np.zeros((len(which), 2 * REGIONS))
    settings = list(zip(SHRINK, REST, strict=True))
    for shrink, weight in sorted(set(settings)):
        own = np.sqrt((1 - shrink) / len(normal))
        rest = np.sqrt(weight / max(len(push), 1))
        spread = products.new_zeros((len(normal) + len(push),) * 2)
        spread[: len(normal), : len(normal)] = own**2 * part(products, normal, normal)
        spread[len(normal) :, : len(normal)] = own * rest * between
        spread[len(normal) :, len(normal) :] = rest**2 * far
        spread.diagonal().add_(shrink)
        factor = torch.linalg.cholesky(spread)
        del spread
        drop = torch.cholesky_solve(torch.hstack([own * meets[0], rest * meets[1]]).T, factor).T
        on_push = pooled - rest * beyond(drop[:, len(normal) :], answer.T, pooled.T)
        pull = torch.hstack([-own * drop[:, : len(normal)], on_push])
        for r in [r for r in range(REGIONS) if settings[r] == (shrink, weight)]:
            two = slice(2 * r, 2 * r + 2)
            sums = pull[two].double().T @ torch.linalg.inv((seen[two] @ pull[two].T).double())
            sums = sums.cpu().numpy()
            np.add.at(parts[:, two], np.searchsorted(which, normal), sums[: len(normal)])
            np.add.at(parts[:, two], np.searchsorted(which, push), sums[len(normal) :])
            np.add.at(parts[:, two], np.searchsorted(which, base), -sums[len(normal) :])
    return which, parts


def part(products, rows, columns):
    """Some rows and columns of the products."""
    rows, columns = (torch.as_tensor(i, device=products.device) for i in (rows, columns))
    return products[rows][:, columns]


def beyond(rows, pooled, answer):
    """Rows (n x pushes) without what the pushes' answers explain of their mean."""
    return rows - (rows @ pooled.T) @ answer.T


def moved_of(data, heads, rows):
    """Displacements (rows x 5 x 2) that such heads read off the given rows."""
    which, parts = heads
    seen = part(data.products, np.flatnonzero(rows), which)
    return (seen.cpu().numpy() @ parts).reshape(-1, REGIONS, 2)


def weights_of(data, heads):
    """The weights of such heads, differences x 10."""
    which, parts = heads
    columns = np.array_split(np.arange(len(data.scale)), 24)
    return np.concatenate([data.loud[c, None] * (data.heard(c)[which].T @ parts) for c in columns])


def jaw_mix(seen, normal, pushed):
    """The two sums (2 x 4) of the jaw's answers, head and net together (rows x 4), that tell most.

    In them pushed jaws differ most from normal ones, whose spread there is 1.
    """
    spread, shown = (seen[rows].T @ seen[rows] / rows.sum() for rows in (normal, pushed))
    factor = np.linalg.inv(np.linalg.cholesky(spread))
    return np.linalg.eigh(factor @ shown @ factor.T)[1][:, -2:].T @ factor


def band(shift, yaw):
    """Whitening matrix per region and growth with |sin yaw| of the answers on normal faces.

    No region grows less than they do on average (but for the jaw, whose nets stand a turned head
    better), and all somewhat more than their mean answers do: it is the far answers that give
    false alarms.
    """
    turn = np.abs(np.sin(np.radians(yaw)))
    white = np.zeros((REGIONS, 2, 2))
    growth = np.zeros(REGIONS)
    for r in range(REGIONS):
        p = shift[:, r]
        for _ in range(3):
            wide = 1 + growth[r] * turn
            cov = np.einsum("ni,nj->ij", p / wide[:, None], p / wide[:, None]) / len(p)
            white[r] = np.linalg.inv(np.linalg.cholesky(cov + 1e-12 * np.eye(2)))
            size = np.hypot(*(p @ white[r].T).T)
            slope, level = np.polyfit(turn, size, 1)
            growth[r] = WIDER * np.clip(slope / max(level, 1e-6), 0, 4)
    return white, np.maximum(growth, growth[:JAW].mean())


def fit(data, rows):
    """(displacement heads, all other constants) from the given rows."""
    train = rows & data.usable
    heads = displacement(data, train)
    fold = folds(data.person)
    shift = np.zeros((len(fold), REGIONS, 2))
    for f in np.unique(fold[train]):
        shift[fold == f] = moved_of(data, displacement(data, train & (fold != f)), fold == f)
    return heads, constants(data, train, shift)


def constants(data, train, shift):
    """All constants but the displacement heads, from displacements of unseen people."""
    normal = train & data.normal
    size = np.linalg.norm(data.answer[:, JAW], axis=1)
    pushed = train & (data.kind == "train_push") & (PUSHED[0] < size) & (size < PUSHED[1])
    got = {"mix": jaw_mix(np.hstack([shift[:, JAW], data.jaw]), normal, pushed)}
    shift = joined(shift, data.jaw, got)
    got |= zip(("white", "growth"), band(shift[normal], data.yaw[normal]), strict=True)
    score = crooked(shift, data.yaw, got)
    names = ("signs", "signs_mean", "signs_sd")
    return got | dict(zip(names, broken_head(data, train, score), strict=True))


def broken_head(data, train, score):
    """Logistic regression of melted and blurred-out faces against normal ones.

    The level is set so that `FALSE_ALARMS` of the normal faces of unseen people reach 0.5. Official
    portraits are left out: beside them every other normal face looks a little broken.
    """
    bad = np.isin(data.kind, ["train_melt", "train_blur"])
    good = data.normal
    rows = train & (bad | good) & ~data.formal
    x = signs(data.broken[rows], score[rows], data.strength[rows])
    mean, sd = x.mean(0), x.std(0) + 1e-6
    a, y, fold = design((x - mean) / sd), bad[rows], folds(data.person)[rows]
    beta = logistic(a, y)
    unseen = [a[(fold == f) & ~y] @ logistic(a[fold != f], y[fold != f]) for f in np.unique(fold)]
    beta[0] -= np.quantile(np.concatenate(unseen), 1 - FALSE_ALARMS)
    return beta, mean, sd


def logistic(a, y):
    """Coefficients of a ridge logistic regression; both answers count alike, however many."""
    balance = np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    beta = np.zeros(a.shape[1])
    penalty = BROKEN_RIDGE * np.eye(a.shape[1])
    penalty[0, 0] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-a @ beta))
        slope = a.T @ (balance * (y - p)) - penalty @ beta
        bend = (a * (balance * p * (1 - p))[:, None]).T @ a + penalty
        beta = beta + np.linalg.solve(bend, slope)
    return beta


def held_out(data):
    """Region scores and malformed of every sample by constants fitted on other people."""
    fold = folds(data.person, HELD_OUT)
    score, broken = np.zeros((len(fold), REGIONS)), np.zeros(len(fold))
    for f in range(HELD_OUT):
        heads, got = fit(data, fold != f)
        own = fold == f
        shift = joined(moved_of(data, heads, own), data.jaw[own], got)
        score[own] = crooked(shift, data.yaw[own], got)
        broken[own] = malformed(data.broken[own], score[own], data.strength[own], got)
    return score, broken


def rounded(weights, sizes):
    """The weights as bytes, and the step of each column (10) for each kind of difference."""
    starts = np.cumsum([0, *sizes[:-1]])
    usual = np.sqrt(np.add.reduceat(weights**2, starts) / sizes[:, None])
    step = np.maximum(usual / LEVELS, np.maximum.reduceat(np.abs(weights), starts) / 127)
    step = step.astype(np.float32)
    return np.round(weights / np.repeat(step, sizes, 0)).astype(np.int8), step


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("samples", type=Path, help="from faces_samples.py")
    parser.add_argument("jaw", type=Path, help="from faces_jaw.py")
    parser.add_argument("constants", type=Path)
    args = parser.parse_args()
    kept = dict(np.load(args.constants))
    data = Samples(dict(np.load(args.samples)) | dict(np.load(args.jaw)))
    heads, got = fit(data, data.person != zlib.crc32(HELD_BACK.encode()))
    sizes = np.diff([*data.blocks, len(data.scale)])
    bytes_, step = rounded(weights_of(data, heads), sizes)
    small = {k: np.asarray(v, np.float32) for k, v in got.items()}
    small |= {"blocks": data.blocks.astype(np.int32), "grids": data.grids.astype(np.int32)}
    np.savez_compressed(
        args.constants,
        mirror=kept["mirror"],
        template=kept["template"],
        scale=data.scale.astype(np.float16),
        weights=bytes_,
        step=step,
        **small,
    )


if __name__ == "__main__":
    main()
