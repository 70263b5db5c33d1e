"""What `iqm score` does about weights that are not here."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from iqmetrics.demo import scenes

pytest.importorskip("open_clip")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four seeds of one scene with its caption."""
    scene = next(scenes.stream(5))
    (tmp_path / "tiny").mkdir()
    with (tmp_path / "prompts.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "prompt", "seed", "model"])
        for seed in range(4):
            scenes.render(scene, Random(seed)).save(tmp_path / "tiny" / f"{seed}.png")
            table.writerow([f"tiny/{seed}.png", scenes.caption(scene), seed, "tiny"])
    lines = ['about = "t"', "[[scorer]]", 'name = "clip"', 'options = {model = "demo"}']
    lines += ["[[scorer]]", 'name = "diversity"', 'options = {model = "demo"}']
    lines += ["[[scorer]]", 'name = "musiq"']
    (tmp_path / "t.preset.toml").write_text("\n".join(lines))
    return tmp_path


def iqm(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {
        "HOME": str(folder),
        "PATH": "",
        "PYTHONSAFEPATH": "1",
        "OMP_NUM_THREADS": "1",
        "IQM_WEIGHTS_DIR": str(folder),
    }
    words = [
        sys.executable,
        "-m",
        "iqmetrics.cli.main",
        "score",
        str(folder),
        "--workers",
        "1",
        *args,
    ]
    return subprocess.run(words, capture_output=True, text=True, env=env, check=False)


def test_a_run_goes_on_without_what_is_missing(folder: Path) -> None:
    preset, prompts = str(folder / "t.preset.toml"), str(folder / "prompts.csv")
    done = iqm(folder, "--preset", preset, "--prompts", prompts, "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["metric"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["clip.alignment"]["mean"] > 80
    assert rows["diversity.clip"]["mean"] > 0
    assert rows["musiq"]["mean"] is None and rows["musiq"]["coverage"] == {"unavailable": 4}
    assert "iqm weights pull musiq-koniq" in done.stderr


def test_asked_for_by_name_it_is_an_error(folder: Path) -> None:
    done = iqm(folder, "--scorer", "clip", "--out", str(folder / "out"))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].strip() == "iqm weights pull clip-vit-b-32"
