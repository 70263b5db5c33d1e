"""What hostile files cost: random damage, bombs, the largest pictures, and folders of bad images.

    python benchmarks/hostile.py --count 20000 --json benchmarks/results/folder.json

Every file is decoded by killable workers with the default limits. `--folder` adds the files of a
folder (e.g. Pillow's Tests/images, or PngSuite); may be given more than once.
"""

import os
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import report

from iqmetrics.errors import ImageProblem
from iqmetrics.records import IMAGE_STATUSES, ImageRecord
from iqmetrics.workers import Decoder

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from hostile_files import bombs, largest, mutations


def written(folder: Path, files: Iterable[tuple[str, bytes]]) -> Iterator[ImageRecord]:
    """Each file written when it is asked for."""
    for name, data in files:
        path = folder / name
        path.write_bytes(data)
        yield ImageRecord(name, str(path))


class Tally:
    """Statuses, and the worst file in seconds and in memory."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self.worst_s = (0.0, "")
        self.worst_mb = (0.0, "")

    def run(self, records: Iterable[ImageRecord], keep: bool = False) -> None:
        """Decode them all; files are removed afterwards unless they are to be kept."""
        for one in Decoder(workers=2, measure=True).each(records):
            problem = one.result if isinstance(one.result, ImageProblem) else None
            status = problem.status if problem else "ok"
            if status not in ("ok", *IMAGE_STATUSES):
                raise AssertionError(f"{status!r} is no status")
            self.told[status] += 1
            self.worst_s = max(self.worst_s, (one.seconds, one.record.image))
            self.worst_mb = max(self.worst_mb, (one.peak_mb or 0.0, one.record.image))
            if not keep:
                os.unlink(one.record.path)


Found = tuple[dict[str, float | int | str], dict[str, str]]


def main() -> None:
    """Run the parent of the workers in a process of its own, so that its crash can be counted."""
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, action="append", default=[])
    options = parser.parse_args()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            figures, notes = pool.submit(measure, options).result()
            figures["parent_crashes"] = 0
        except BrokenProcessPool:
            figures, notes = {"parent_crashes": 1}, {"mutations": "the parent died: no counts"}
    report.write(options.json, figures, notes, ("numpy", "pillow", "imagecodecs"))


def measure(options: Namespace) -> Found:
    """Decode everything once."""
    figures: dict[str, float | int | str] = {}
    notes: dict[str, str] = {}
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="iqm-hostile-") as name:
        start = time.perf_counter()
        tally.run(written(Path(name), mutations(options.count, options.seed)))
        figures["mutations"] = sum(tally.told.values())
        figures["mutations_per_s"] = figures["mutations"] / (time.perf_counter() - start)
        notes["mutations"] = f"27 good files, damaged at random (seed {options.seed}): " + str(
            dict(tally.told.most_common())
        )
        made = Tally()
        made.run(written(Path(name), ((n, data) for n, (data, _) in bombs().items())))
        made.run(written(Path(name), largest().items()))
        notes["bombs_and_largest"] = str(dict(made.told.most_common()))
    tallies = [tally, made]
    for folder in options.folder:
        found = Tally()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        found.run((ImageRecord(p.name, str(p)) for p in files), keep=True)
        figures[f"bad_images_{folder.name.lower()}"] = sum(found.told.values())
        notes[f"bad_images_{folder.name.lower()}"] = str(dict(found.told.most_common()))
        tallies.append(found)
    (figures["worst_file_s"], slow), (figures["worst_file_mb"], big) = (
        max(t.worst_s for t in tallies),
        max(t.worst_mb for t in tallies),
    )
    notes["worst_file_s"] = f"{slow}, a killed and replaced process included"
    notes["worst_file_mb"] = f"{big}: resident memory above the idle worker, pixels included"
    return figures, notes


if __name__ == "__main__":
    main()
