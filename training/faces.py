"""Fits the constants of `face`: which left-right differences mean which crooked region.

    python training/faces.py SAMPLES.npz iqmetrics/nets/faces/symmetry.npz

Each region's displacement (2 numbers, eye distances) is read off the signed differences of
`measure`, linearly, without a constant. The weights are made so that a planted displacement answers
fully and whatever normal faces do by themselves (pose, light, natural asymmetry) answers as little
as possible. The spread of the answers on normal faces (out of fold, people disjoint) is the unit.
"""

import argparse
import zlib
from pathlib import Path

import numpy as np

from iqmetrics.nets.faces.heads import crooked, design, energy, malformed, moved, scaled, signs

REGIONS = 5
FINE, COARSE = (0.6, 0.25), (0.1, 4.0)
"""(shrink, rest) of the fit on all differences and of that on mean displacements of the mesh: the
weight of independent differences in the covariance of normal faces, and of what a displacement
changes beyond its mean answer."""
BROKEN_RIDGE = 30.0
WIDER = 1.2
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


def displacement(data, rows):
    """(scale, weights) of the displacement heads: the mean of the fine and the coarse fit.

    Many differences see small things, few of them vary less from person to person.
    """
    scale, weights = generalised_least_squares(data, rows, *FINE)
    mean = data["cells"]
    few = {**data, "skew": data["skew"][:, : len(mean)].astype(np.float64) @ mean}
    few_scale, few_weights = generalised_least_squares(few, rows, *COARSE)
    coarse = np.zeros_like(weights)
    coarse[: len(mean)] = scale[: len(mean), None] * (mean @ (few_weights / few_scale[:, None]))
    return scale, (weights + coarse) / 2


def generalised_least_squares(data, rows, shrink, rest_weight):
    """(scale, weights) of linear displacement heads from the given rows.

    A pushed face minus the same face as it was shows how the differences answer to a displacement;
    normal faces show how much they vary without one. The weights are the generalised least squares
    of the two, with the variation shrunk towards independent differences.
    """
    normal = rows & np.isin(data["kind"], ["normal", "train_normal"])
    first = {i: k for k, i in enumerate(data["index"]) if data["kind"][k] == "normal"}
    base = np.array([first[i] for i in data["index"]])
    push = rows & (data["kind"] == "train_push") & rows[base]
    scale = np.sqrt((data["skew"][normal].astype(np.float64) ** 2).mean(0))
    scale = scale + 1e-3 * np.median(scale) + 1e-9
    z = scaled(data["skew"], scale).astype(np.float32)
    answer = data["answer"][push].reshape(-1, 2 * REGIONS)
    moved_by = z[push] - z[base[push]]
    response = np.linalg.solve(answer.T @ answer + 1e-3 * np.eye(2 * REGIONS), answer.T @ moved_by)
    rest = moved_by - answer @ response
    spread = np.vstack(
        [
            z[normal] * np.sqrt((1 - shrink) / normal.sum()),
            rest * np.sqrt(rest_weight / max(len(rest), 1)),
        ]
    )
    inner = spread @ spread.T + shrink * np.eye(len(spread))
    pull = (response.T - spread.T @ np.linalg.solve(inner, spread @ response.T)) / shrink
    weights = np.zeros((z.shape[1], 2 * REGIONS))
    for r in range(REGIONS):
        own = slice(2 * r, 2 * r + 2)
        weights[:, own] = pull[:, own] @ np.linalg.inv(response[own] @ pull[:, own])
    return scale, weights


def band(shift, yaw):
    """Whitening matrix per region and growth with |sin yaw| of the answers on normal faces.

    No region grows less than they do on average, and all somewhat more than their mean answers do:
    it is the far answers that give false alarms.
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
    return white, np.maximum(growth, growth.mean())


def fit(data, rows):
    """All constants from the given rows."""
    train = rows & usable(data)
    normal = train & np.isin(data["kind"], ["normal", "train_normal"])
    scale, weights = displacement(data, train)
    got = {"scale": scale, "weights": weights, "blocks": data["blocks"], "grids": data["grids"]}
    fold = folds(data["person"])
    shift = np.zeros((len(fold), REGIONS, 2))
    for f in np.unique(fold[train]):
        s, w = displacement(data, train & (fold != f))
        shift[fold == f] = moved(data["skew"][fold == f], {"scale": s, "weights": w})
    got["white"], got["growth"] = band(shift[normal], data["yaw"][normal])
    score = crooked(shift, data["yaw"], got)
    got["signs"], got["signs_mean"], got["signs_sd"] = broken_head(
        data, train, score, energy(data["skew"], got)
    )
    return got


def broken_head(data, train, score, strength):
    """Logistic regression of melted and blurred-out faces against normal ones.

    The level is set so that `FALSE_ALARMS` of the normal faces of unseen people reach 0.5.
    """
    bad = np.isin(data["kind"], ["train_melt", "train_blur"])
    good = np.isin(data["kind"], ["normal", "train_normal"])
    rows = train & (bad | good)
    x = signs(data["broken"][rows], score[rows], strength[rows])
    mean, sd = x.mean(0), x.std(0) + 1e-6
    a, y, fold = design((x - mean) / sd), bad[rows], folds(data["person"])[rows]
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


def predict(data, got):
    """(region scores n x 5, malformed n) of every sample with one set of constants."""
    score = crooked(moved(data["skew"], got), data["yaw"], got)
    return score, malformed(data["broken"], score, energy(data["skew"], got), got)


def held_out(data):
    """Region scores and malformed of every sample by constants fitted on other people."""
    fold = folds(data["person"], HELD_OUT)
    score, broken = np.zeros((len(fold), REGIONS)), np.zeros(len(fold))
    for f in range(HELD_OUT):
        got = fit(data, fold != f)
        s, m = predict(data, got)
        score[fold == f], broken[fold == f] = s[fold == f], m[fold == f]
    return score, broken


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("samples", type=Path, help="from faces_samples.py --each 14")
    parser.add_argument("constants", type=Path)
    args = parser.parse_args()
    data = dict(np.load(args.samples))
    kept = dict(np.load(args.constants))
    got = fit(data, data["person"] != zlib.crc32(HELD_BACK.encode()))
    small = {k: np.asarray(v, np.float16 if v.size > 5000 else np.float32) for k, v in got.items()}
    np.savez_compressed(args.constants, mirror=kept["mirror"], template=kept["template"], **small)


if __name__ == "__main__":
    main()
