"""The checkout stays small: tracked files, what becomes the wheel, and fixtures, in bytes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUDGETS = {
    "the whole checkout": ((), 40_000_000),
    "the wheel's content": (("iqmetrics", "cli", "metrics_cfg"), 35_000_000),
    "fixtures": (("fixtures",), 8_000_000),
}


def tracked(root: Path, folders: tuple[str, ...]) -> dict[str, int]:
    """Bytes of each file that git tracks below `folders` (none: everywhere), largest first."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--", *folders]
    told = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    there = [name for name in set(told.split("\0")) - {""} if (root / name).is_file()]
    sizes = {name: (root / name).stat().st_size for name in there}
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="needs git")


@needs_git
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git checkout")
@pytest.mark.parametrize("what", BUDGETS)
def test_it_stays_within_its_budget(what: str) -> None:
    folders, budget = BUDGETS[what]
    sizes = tracked(ROOT, folders)
    assert sizes, f"{what}: no tracked file, so nothing was checked"
    largest = [f"{size:,} {name}" for name, size in list(sizes.items())[:5]]
    assert sum(sizes.values()) <= budget, f"{what}; the largest files: {largest}"


@needs_git
def test_only_tracked_files_of_the_folders_count(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name, size in (("a/ü 1", 5), ("a/left out", 70), ("b/2", 11), ("b/gone", 900)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    subprocess.run(["git", "-C", str(tmp_path), "add", "a/ü 1", "b"], check=True)
    (tmp_path / "b/gone").unlink()
    assert list(tracked(tmp_path, ()).items()) == [("b/2", 11), ("a/ü 1", 5)]
    assert tracked(tmp_path, ("a",)) == {"a/ü 1": 5}
