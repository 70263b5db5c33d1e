"""The shipped hook under the real pre-commit, in a repository made here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from factory import card
from iqmetrics.cli.main import run

from iqmetrics.pipeline import scorecard_file

pytest.importorskip("pre_commit")
ROOT = Path(__file__).parents[1]
RULES = 'model_files = ["model.bin"]\n[[rule]]\nmetric = "toy.good"\nmargin = 0.02\n'


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model repository with a baseline, rules, a model file and a committed verdict."""
    values = np.random.default_rng(1).normal(0.6, 0.1, size=(60, 4))
    monkeypatch.chdir(tmp_path)
    Path("model.bin").write_bytes(b"weights")
    Path("release.gate.toml").write_text(RULES)
    Path("baseline.json").write_text(scorecard_file.dump(card({"v1": values})))
    Path("candidate.json").write_text(scorecard_file.dump(card({"v2": values})))
    gate = ["--baseline", "baseline.json", "--rules", "release.gate.toml"]
    assert run(["gate", "candidate.json", *gate, "--verdict", "verdict.json"]) == 0
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def hook(repository: Path, source: str) -> subprocess.CompletedProcess[str]:
    args = "[--baseline, baseline.json, --rules, release.gate.toml, --verify, verdict.json]"
    return run_hook(repository, source.format(args=args))


def run_hook(repository: Path, config: str) -> subprocess.CompletedProcess[str]:
    (repository / ".pre-commit-config.yaml").write_text(config)
    git(repository, "add", "-A")
    command = [
        sys.executable,
        "-m",
        "pre_commit",
        "run",
        "iqm-gate",
        "--hook-stage",
        "manual",
        "--verbose",
    ]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


LOCAL = """
repos:
- repo: local
  hooks:
  - {{id: iqm-gate, name: gate, entry: PYTHON -m iqmetrics.cli.main gate, language: system,
      pass_filenames: false, always_run: true, stages: [manual], args: {args}}}
""".replace("PYTHON", sys.executable)


def test_the_hook_holds_a_verdict_that_no_longer_belongs(repository: Path) -> None:
    done = hook(repository, LOCAL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: the stored verdict belongs to what is here" in done.stdout
    (repository / "model.bin").write_bytes(b"other weights")
    done = hook(repository, LOCAL)
    assert done.returncode == 1
    assert "model.bin changed" in done.stdout


@pytest.fixture
def on_path(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command `iqm` of this environment, and an empty home of pre-commit."""
    if os.name == "nt":
        pytest.skip("the command on the path is a shell script")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path_factory.mktemp("home")))
    folder = tmp_path_factory.mktemp("path")
    (folder / "iqm").write_text(
        f"#!/bin/sh\nexec '{sys.executable}' -m iqmetrics.cli.main \"$@\"\n"
    )
    (folder / "iqm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def readme_config() -> str:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    (config,) = [block for block in blocks if ".pre-commit-config.yaml" in block]
    return config


@pytest.mark.usefixtures("on_path")
def test_the_readme_example_works_as_written(repository: Path) -> None:
    done = run_hook(repository, readme_config())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: the stored verdict belongs to what is here" in done.stdout
    (repository / "release.gate.toml").write_text(RULES.replace("0.02", "0.5"))
    done = run_hook(repository, readme_config())
    assert done.returncode == 1
    assert "rules changed" in done.stdout


@pytest.mark.usefixtures("on_path")
def test_the_readme_example_stops_a_push(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As a user has it: installed for pushes, then a push of other weights."""
    remote = tmp_path_factory.mktemp("remote")
    git(remote, "init", "-q", "--bare")
    (repository / ".pre-commit-config.yaml").write_text(readme_config())
    git(repository, "remote", "add", "origin", str(remote))
    install = [sys.executable, "-m", "pre_commit", "install", "-t", "pre-push"]
    subprocess.run(install, cwd=repository, check=True, capture_output=True)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "the hook")
    git(repository, "push", "-q", "origin", "HEAD:main")
    (repository / "model.bin").write_bytes(b"other weights")
    git(repository, "commit", "-qam", "another model")
    push = ["git", "push", "-q", "origin", "HEAD:main"]
    done = subprocess.run(push, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "model.bin changed" in done.stdout + done.stderr


@pytest.mark.slow
def test_the_shipped_hook_installs_light_and_runs(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("pre-commit")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(home))
    revision = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True).strip()
    source = f"repos:\n- repo: {ROOT}\n  rev: {revision}\n  hooks:\n  - {{{{id: iqm-gate, args: {{args}}}}}}\n"
    done = hook(repository, source)
    assert done.returncode == 0, done.stdout + done.stderr
    installed = sum(f.stat().st_size for f in home.rglob("py_env*/**/*") if f.is_file())
    assert installed <= 180e6
    assert not list(home.rglob("site-packages/torch"))
