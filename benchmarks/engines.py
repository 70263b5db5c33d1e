"""Ray against the local engine: the same table, and what an image costs more.

`ray_equals_local` is 1.0 when both write the same bytes of scores_long.csv over the conformance set
of the tests: 200 images, one that is none, one cut short, one on which a scorer raises, and three
that end the process of a scorer. The local engine dies of each of these once, and is run again.

The overhead is measured on tiny images (64 x 64) that cost nothing to score: wall time on a Ray of
this machine that is already running, with one actor, less that of the local engine with as many
decoding processes; from two sizes, so that start-up is told apart.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from report import arguments, write

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ROOT / "tests" / "engines"
IQM = "import sys; from iqmetrics.cli.main import main; main(sys.argv[1:])"
TINY, RUNS, CORES = (200, 2000), 3, 2


def equal(folder: Path) -> tuple[float, int]:
    """1.0 if both tables are the same bytes, and how many local runs it took."""
    from conformance import SCORERS, make_images

    make_images(folder / "images", 200)
    tables, runs = {}, 0
    for engine in ("local", "ray"):
        out = folder / engine
        words = [sys.executable, "-c", IQM, "score", str(folder / "images"), "--out", str(out)]
        words += ["--workers", "1", "--engine", engine]
        words += [word for name in SCORERS for word in ("--scorer", name)]
        env = {**os.environ, "PYTHONPATH": str(HELPERS)}
        for _ in range(5):
            runs += engine == "local"
            if subprocess.run(words, env=env, capture_output=True).returncode == 0:
                break
        tables[engine] = (out / "scores_long.csv").read_bytes()
    return float(tables["local"] == tables["ray"]), runs


def seconds(folder: Path, engine: str, count: int) -> float:
    """Wall time of scoring the first `count` images into a store in memory: the best of some."""
    import iqmetrics

    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        result = iqmetrics.score(
            folder, scorers=("size",), engine=engine, workers=CORES, limit=count
        )
        taken.append(time.perf_counter() - start)
        assert len(result.readings()) == count
    return min(taken)


def overhead(folder: Path) -> dict[str, float]:
    """Milliseconds an image, and start-up seconds."""
    import ray
    from PIL import Image

    rng = np.random.default_rng(0)
    for n in range(TINY[-1]):
        noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{n:04}.png")
    start = time.perf_counter()
    ray.init(
        address="local", num_cpus=CORES, object_store_memory=100 << 20, include_dashboard=False,
        log_to_driver=False,
    )  # fmt: skip
    begun = time.perf_counter() - start
    few, many = TINY
    taken = {(e, n): seconds(folder, e, n) for e in ("local", "ray") for n in TINY}
    ray.shutdown()
    local, cluster = (
        1000 * (taken[engine, many] - taken[engine, few]) / (many - few)
        for engine in ("local", "ray")
    )
    return {
        "ray_init_s": round(begun, 2),
        "ray_start_s": round(taken["ray", few] - taken["local", few], 2),
        "ray_local_ms_image": round(local, 3),
        "ray_ms_image": round(cluster, 3),
        "ray_overhead_ms_image": round(cluster - local, 3),
    }


def main() -> None:
    args = arguments(__doc__ or "").parse_args()
    sys.path.insert(0, str(HELPERS))
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "tiny").mkdir()
        figures = overhead(Path(name) / "tiny")
        same, runs = equal(Path(name))
    figures |= {"ray_equals_local": same, "ray_equals_local_runs": runs}
    notes = {
        "ray_equals_local": "scores_long.csv byte for byte over 202 files, six of them faulty",
        "ray_equals_local_runs": "local runs until one lived: a batch with a fatal image ends one",
        "ray_overhead_ms_image": "one actor against one local process, two decoders each, scorer "
        "`size`: time of 2,000 less that of 200 images of 64 x 64, by 1,800; best of three",
        "ray_start_s": "what a run of 200 images takes longer on a Ray that is running already",
        "ray_init_s": "ray.init on one machine, without dashboard; paid once a run, or never where "
        "a cluster runs already",
    }
    write(args.json, figures, notes, ("iqmetrics", "numpy", "ray"))


if __name__ == "__main__":
    main()
