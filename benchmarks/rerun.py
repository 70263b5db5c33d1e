"""How long an unchanged run over 100,000 files takes, from the command to its last line.

    python benchmarks/rerun.py --json benchmarks/results/quality.json

100,000 small PNG files with a sidecar prompt in 100 folders are scored once by `size`, then again.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
import report


def make(root: Path, count: int) -> None:
    """Files of different content, so that none is a duplicate."""
    for number in range(count):
        path = root / f"model-{number % 10}" / f"{number // 10 % 10}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (number & 255, number >> 8 & 255, number >> 16)).save(path)
        path.with_suffix(".txt").write_text(f"prompt {number // 40}")


def score(root: Path) -> float:
    """Wall seconds of one `iqm score` in a fresh process."""
    command = [sys.executable, "-m", "iqmetrics.cli.main", "score", str(root), "--scorer", "size"]
    start = time.perf_counter()
    subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Make the folder, score it, score it again."""
    parser = report.arguments(__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="iqm-rerun-"))
    try:
        make(root, options.count)
        first, again = score(root), score(root)
        (root / "model-0" / "0" / "000000.txt").write_text("another prompt")
        changed = score(root)
        report.write(
            options.json,
            {"first_run_100k_s": first, "rerun_100k_s": again, "one_changed_100k_s": changed},
            {"rerun_100k_s": f"{options.count} PNG files and sidecars, scorer size"},
        )
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
