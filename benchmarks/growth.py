"""What grows with a folder, and what must not: walk, scorecard, cost an image, resume.

    python benchmarks/growth.py --json benchmarks/results/scale.json [--only walk cost memory ...]

walk: 1,000,000 files (`--tree` names a folder that holds them already, else they are made). cost:
tiny PNGs with a sidecar, scored by `size` in a process of its own, 1,000 and 100,000 of them; then
again unchanged, and with one file more, which must cost no reading of the others. memory: the same
with 100,000 and 300,000 of them, for what an image takes. scorecard: a store with 1,000,000 values.
deal: 1,000,000 images cut into what scoring processes are handed, and into tasks of a cluster.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report

Figures = dict[str, float | int | str]
START = 200
"""Images of a run that is mostly its start, with all that more files are worth loading."""


def walk(tree: Path | None, files: int, rounds: int) -> tuple[Figures, dict[str, str]]:
    """Fastest of some walks, each in a process of its own."""
    import folder

    root = tree or Path(tempfile.mkdtemp(prefix="iqm-walk-"))
    try:
        if tree is None:
            folder.make_tree(str(root), files)
        command = [sys.executable, folder.__file__, "--walk-only", str(root)]
        runs = [json.loads(subprocess.check_output(command, text=True)) for _ in range(rounds)]
    finally:
        if tree is None:
            shutil.rmtree(root)
    assert all(run[0] == files for run in runs)
    told = f"path, size, mtime and inode of {files:,} files, warm cache, fastest of {rounds}"
    return {
        "walk_1m_s": min(run[1] for run in runs),
        "walk_1m_cpu_s": min(run[2] for run in runs),
    }, {"walk_1m_s": told}


def scorecard(values: int) -> tuple[Figures, dict[str, str]]:
    """`read` of a store and its scorecard; the faster of two by the clock."""
    import decide_store

    from iqmetrics.pipeline.score import read
    from iqmetrics.store import Store

    each = sum(map(len, decide_store.SCORERS.values()))
    images = values // each
    prompts = [f"prompt number {n}" for n in range(-(-images // 8))]
    with tempfile.TemporaryDirectory() as place, Store(Path(place) / "scores.sqlite") as store:
        run = decide_store.fill(store, prompts, 4)
        times = []
        for _ in range(2):
            start, before = time.perf_counter(), time.process_time()
            card = read(store).scorecard
            times.append((time.perf_counter() - start, time.process_time() - before))
        held = sum(len(c.values) + len(c.missing) for c in card.cells if c.image)
        readings = len(run.records) * len(run.scorers)
    told = (
        f"{held:,} values or reasons in {readings:,} stored outcomes of {len(run.records):,} images"
        f" and {each} metrics, from the store to the scorecard, usable rule included"
    )
    return {
        "scorecard_1m_s": min(t[0] for t in times),
        "scorecard_1m_cpu_s": min(t[1] for t in times),
        "scorecard_1m_outcomes": readings,
    }, {"scorecard_1m_s": told}


def deal(images: int) -> tuple[Figures, dict[str, str]]:
    """Cutting the work of many images into portions, and into tasks."""
    from iqmetrics.engines.tasks import mixed, plan
    from iqmetrics.engines.work import ImageWork
    from iqmetrics.pipeline.dealing import PORTION, portions
    from iqmetrics.pipeline.pending import Pending
    from iqmetrics.records import ImageRecord

    names = [f"{n:07}.png" for n in range(images)]
    works = [ImageWork(ImageRecord(name, name), {"size": b""}, b"") for name in names]
    start = time.perf_counter()
    dealt = sum(len(part) for part in mixed(portions(Pending(works, ()))))
    between = time.perf_counter()
    tasks = mixed(plan(works, (), PORTION))
    end = time.perf_counter()
    assert dealt == images == sum(len(task.works) for task in tasks)
    told = f"{images:,} images of no set in portions of {PORTION}, without sending them"
    return {
        "deal_1m_s": between - start,
        "plan_1m_s": end - between,
        "deal_machine": report.this_machine(),
    }, {"deal_1m_s": told}


def cost(small: int, large: int, rounds: int) -> tuple[Figures, dict[str, str]]:
    """Processor time an image of a first run, small folder and large in turns, less the start's."""
    from rerun import make

    counts = (START, small, large)
    roots = {n: Path(tempfile.mkdtemp(prefix="iqm-growth-")) for n in counts}
    spent: dict[int, list[float]] = {n: [] for n in counts}
    peak: dict[int, float] = {}
    clock: list[float] = []
    name = f"{large // 1000}k"
    try:
        for count, root in roots.items():
            make(root, count)
        for _ in range(rounds):
            for count in (START, small, START, small, large, START, small, START, small):
                shutil.rmtree(roots[count] / "iqm", ignore_errors=True)
                seconds, peak[count], wall = scored(roots[count])
                spent[count].append(seconds)
                if count == large:
                    clock.append(wall)
        root = roots[large]
        figures: Figures = {f"first_{name}_s": min(clock)}
        figures[f"resume_{name}_cpu_s"], _, figures[f"resume_{name}_s"] = scored(root)
        extra = root / "model-0" / "0" / "more.png"
        shutil.copy(root / "model-0" / "0" / "000000.png", extra)
        with extra.open("ab") as file:
            file.write(b"\0")
        figures[f"one_more_{name}_cpu_s"], _, figures[f"one_more_{name}_s"] = scored(root)
    finally:
        for root in roots.values():
            shutil.rmtree(root)
    start = statistics.median(spent[START])
    ms = {n: 1e3 * (statistics.median(spent[n]) - start) / (n - START) for n in (small, large)}
    figures |= {
        "growth_1k_cpu_ms_per_image": ms[small],
        f"growth_{name}_cpu_ms_per_image": ms[large],
        f"growth_{name}_over_1k": ms[large] / ms[small],
        "growth_1k_rss_mb": peak[small],
        f"growth_{name}_rss_mb": peak[large],
    }
    return figures, {
        "growth": f"tiny PNGs and sidecars, scorer size, {small:,} and {large:,} files in turns, "
        f"{rounds} of {large:,} and {4 * rounds} of {small:,}, medians; processor time of all "
        f"processes less that of {START} files; rss of the largest one; "
        f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores at the end",
        f"resume_{name}_s": "from the command to its end, nothing changed: no file is opened; "
        "with one file more that one is read",
    }


def memory(small: int, large: int) -> tuple[Figures, dict[str, str]]:
    """Most memory of a first run of two folders, and what an image more takes."""
    from rerun import make

    peak: dict[int, float] = {}
    for count in (small, large):
        root = Path(tempfile.mkdtemp(prefix="iqm-growth-"))
        try:
            make(root, count)
            _, peak[count], _ = scored(root)
        finally:
            shutil.rmtree(root)
    return {
        **{f"growth_{n // 1000}k_rss_mb": peak[n] for n in (small, large)},
        "growth_bytes_per_image": (peak[large] - peak[small]) * 2**20 / (large - small),
    }, {"growth_bytes_per_image": f"between {small:,} and {large:,} images with sidecars"}


def scored(root: Path) -> tuple[float, float, float]:
    """Of one `iqm score`: processor seconds with children, most MB of a process, clock seconds."""
    code = (
        "import resource, sys; from iqmetrics.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(max(resource.getrusage(w).ru_maxrss for w in "
        "(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))"
    )
    command = [sys.executable, "-c", code, "score", str(root), "--scorer", "size", "--quiet"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stdout.split()[-1]) / 1024, clock


def main() -> None:
    """Measure the parts that are asked for."""
    parser = report.arguments(__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", help="default: all parts")
    parser.add_argument("--tree", type=Path, help="a folder with the files of the walk")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5, help="walks")
    parser.add_argument("--turns", type=int, default=3, help="of the small folder and the large")
    asked = parser.parse_args()
    parts = {
        "walk": lambda: walk(asked.tree, asked.files, asked.rounds),
        "scorecard": lambda: scorecard(asked.values),
        "deal": lambda: deal(asked.files),
        "cost": lambda: cost(1000, asked.large, asked.turns),
        "memory": lambda: memory(asked.large, 3 * asked.large),
    }
    for name in asked.only or parts:
        figures, notes = parts[name]()
        report.write(asked.json, figures, notes)


if __name__ == "__main__":
    main()
