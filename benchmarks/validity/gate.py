"""How often each rule passes a model that is worse by exactly the margin, and its power.

    python benchmarks/validity/gate.py --json benchmarks/results/decide.json

Differences of 4 seeds a prompt (prompt and seed spread equal), normal and lognormal(.8) skewed to
either side; the true effect lies at the margin, so a sound 5 % rule passes 5 %.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iqmetrics.stats import paired

sys.path.insert(0, str(Path(__file__).parents[1]))
import report

RUNS, SEEDS, CHUNK = 10_000, 4, 2000
SHAPES = ("normal", "right", "left")
PROMPTS = (50, 200, 500)
Z_95 = 1.6448536269514722


def draw(rng: np.random.Generator, shape: str, size: tuple[int, ...]) -> NDArray[np.float64]:
    """Standardised differences of one shape."""
    normal = rng.normal(size=size)
    if shape == "normal":
        return normal
    skewed = (np.exp(0.8 * normal) - np.exp(0.32)) / np.sqrt((np.exp(0.64) - 1) * np.exp(0.64))
    return skewed if shape == "right" else -skewed


def prompts_by_runs(rng: np.random.Generator, shape: str, n: int, runs: int) -> NDArray[np.float64]:
    """Images of shape (prompts, seeds, runs)."""
    return draw(rng, shape, (n, 1, runs)) + draw(rng, shape, (n, SEEDS, runs))


def passes(rng: np.random.Generator, shape: str, n: int) -> dict[str, float]:
    """Share of runs that each rule passes."""
    counts = {"ours": 0, "point": 0, "t_images": 0, "t_prompts": 0}
    for _ in range(RUNS // CHUNK):
        images = prompts_by_runs(rng, shape, n, CHUNK)
        means = images.mean(axis=1)
        flat = images.reshape(n * SEEDS, CHUNK)
        counts["ours"] += int((paired.bounds(means)[0] > 0).sum())
        counts["point"] += int((means.mean(axis=0) > 0).sum())
        for name, x in (("t_images", flat), ("t_prompts", means)):
            low = x.mean(axis=0) - Z_95 * x.std(axis=0, ddof=1) / np.sqrt(len(x))
            counts[name] += int((low > 0).sum())
    return {name: count / RUNS for name, count in counts.items()}


def power(rng: np.random.Generator, shape: str) -> float:
    """Share of runs that pass a truly equal model at the number of prompts that is printed."""
    sd = np.sqrt(1 + 1 / SEEDS)
    margin = 0.25 * sd
    skew = paired.skewness(prompts_by_runs(rng, shape, 50_000, 1).mean(axis=1)[:, 0])
    n = paired.prompts_needed(float(sd), float(margin), skew=skew)
    passed = 0
    for _ in range(RUNS // CHUNK):
        means = prompts_by_runs(rng, shape, n, CHUNK).mean(axis=1)
        passed += int((paired.bounds(means)[0] > -margin).sum())
    return passed / RUNS


def main() -> None:
    """Run every cell and print the table."""
    options = report.arguments(__doc__).parse_args()
    rng = np.random.default_rng(2026)
    cells = {(s, n): passes(rng, s, n) for s in SHAPES for n in PROMPTS}
    for (shape, n), found in cells.items():
        print(shape, n, " ".join(f"{k} {100 * v:.1f} %" for k, v in found.items()))
    powers = {shape: power(rng, shape) for shape in SHAPES}
    print("power at the printed n:", powers)
    figures = {
        "false_pass_min": min(c["ours"] for c in cells.values()),
        "false_pass_max": max(c["ours"] for c in cells.values()),
        "false_pass_point_min": min(c["point"] for c in cells.values()),
        "false_pass_point_max": max(c["point"] for c in cells.values()),
        "false_pass_t_images_max": max(c["t_images"] for c in cells.values()),
        "false_pass_t_prompts_max": max(c["t_prompts"] for c in cells.values()),
        "power_at_printed_n": min(powers.values()),
    }
    report.write(
        options.json, figures, {"false_pass": f"{RUNS} runs a cell, {SEEDS} seeds a prompt"}
    )


if __name__ == "__main__":
    main()
