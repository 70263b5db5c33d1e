"""How much of real and written outputs folders is read, and how fast a large one is walked.

python benchmarks/folder.py --json benchmarks/results/folder.json \
    --quality-json benchmarks/results/quality.json --images ../shared/images/comfyui --walk 1000000

`--images` names a folder with a `truth.csv` (image, stages, prompt, negative, model, seed, steps).
The conventions and hard graphs are those that the tests write.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from comfy_graphs import HARD  # noqa: E402
from written_outputs import CONVENTIONS, differences  # noqa: E402

from iqmetrics.metadata import read_folder, walk  # noqa: E402
from iqmetrics.metadata.comfyui import facts_of  # noqa: E402
from iqmetrics.metadata.comfyui_graph import parse  # noqa: E402
from iqmetrics.metadata.models import without_suffix  # noqa: E402

FIELDS = ("prompt", "negative", "model", "seed", "steps", "confidence")
PER_FOLDER = 1000


def conventions_read() -> int:
    """Conventions of which every written fact is found again."""
    read = 0
    for writer in CONVENTIONS.values():
        with tempfile.TemporaryDirectory() as folder:
            expected = writer(Path(folder))
            read += not differences(read_folder(folder)[0], expected)
    return read


def hard_graphs_read() -> int:
    """Hard ComfyUI graphs of which every fact is right."""
    found = [(case, facts_of(parse(json.dumps(case.graph)))) for case in HARD.values()]
    return sum(all(getattr(f, n) == getattr(c, n) for n in FIELDS) for c, f in found)


def prompts(images: Path) -> dict[str, int]:
    """Real files whose prompt (and whose every column) is as the truth says."""
    with open(images / "truth.csv", encoding="utf-8", newline="") as file:
        truth = {row["image"]: row for row in csv.DictReader(file)}
    records = {record.image: record for record in read_folder(images)[0]}
    rows = [(truth[image], records[image]) for image in truth if image in records]
    whole = sum(
        (record.negative or "", record.model, str(record.seed), str(record.params.get("steps")))
        == (row["negative"], without_suffix(row["model"]), row["seed"], row["steps"])
        for row, record in rows
    )
    return {
        "prompts_found": sum(record.prompt == row["prompt"] for row, record in rows),
        "prompts_expected": len(truth),
        "rows_whole": whole,
    }


def make_tree(root: str, files: int) -> None:
    for start in range(0, files, PER_FOLDER):
        folder = os.path.join(root, f"model-{start // 100_000}", f"prompt-{start:07d}")
        os.makedirs(folder)
        for n in range(start, min(files, start + PER_FOLDER)):
            os.close(os.open(os.path.join(folder, f"{n:07d}.png"), os.O_CREAT | os.O_WRONLY))


def walked(root: str) -> tuple[int, float, float, float]:
    """(files, wall seconds, processor seconds, extra resident MB), in this process."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    count = 0
    for entry in walk(root):
        count += entry.size >= 0
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return count, wall, cpu, (after - before) / 1024


def walk_figures(files: int, rounds: int) -> dict[str, float]:
    """Fastest of some walks of a fresh tree of `files` empty files, each in its own process."""
    with tempfile.TemporaryDirectory() as root:
        make_tree(root, files)
        runs = []
        for _ in range(rounds):
            command = [sys.executable, __file__, "--walk-only", root]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs.append(json.loads(said))
    assert all(run[0] == files for run in runs)
    fastest = min(runs, key=lambda run: run[1])
    return {
        "walk_files": files,
        "walk_s": round(fastest[1], 2),
        "walk_cpu_s": round(min(run[2] for run in runs), 2),
        "walk_extra_mb": round(max(run[3] for run in runs), 1),
    }


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--quality-json", metavar="FILE", help="where the prompt figures go")
    parser.add_argument("--images", type=Path, help="folder of real images with truth.csv")
    parser.add_argument("--walk", type=int, default=0, metavar="FILES", help="walk such a tree")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--walk-only", metavar="DIR", help="used by --walk")
    options = parser.parse_args()
    if options.walk_only:
        print(json.dumps(walked(options.walk_only)))
        return
    figures: dict[str, float | int | str] = {
        "conventions_read": conventions_read(),
        "conventions_written": len(CONVENTIONS),
        "hard_graphs": hard_graphs_read(),
        "hard_graphs_written": len(HARD),
    }
    notes = {
        "conventions_read": "folders written as each tool writes them; every fact must be found",
        "hard_graphs": "every fact right; graphs written for the tests",
    }
    if options.walk:
        figures.update(walk_figures(options.walk, options.rounds))
        notes["walk_s"] = (
            f"path, size, mtime and inode of each file, warm cache, {PER_FOLDER} files a folder; "
            f"fastest of {options.rounds} processes, other work on the same cores"
        )
    report.write(options.json, figures, notes, ("iqmetrics", "pillow"))
    if options.images and (options.images / "truth.csv").is_file():
        found = prompts(options.images)
        note = f"{found.pop('rows_whole')} files also agree in negative, model, seed and steps"
        report.write(options.quality_json, found, {"prompts_found": note}, ("iqmetrics", "pillow"))


if __name__ == "__main__":
    main()
