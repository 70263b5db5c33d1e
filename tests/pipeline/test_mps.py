"""The service is started, tried, and ended; a stand-in for NVIDIA's program writes what it is told."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iqmetrics.pipeline import mps

CONTROL = """#!/bin/sh
if [ "$1" = -d ]; then
    echo "start $CUDA_VISIBLE_DEVICES $CUDA_MPS_PIPE_DIRECTORY" >> {log}; exit {code}
fi
read said; echo "$said $CUDA_MPS_PIPE_DIRECTORY" >> {log}
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    log = tmp_path / "log"

    def install(code=0, trial="raise SystemExit(0)"):
        path = tmp_path / mps.CONTROL
        path.write_text(CONTROL.format(log=log, code=code))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.delenv(mps.PIPES, raising=False)
        monkeypatch.setattr(mps, "USUAL", tmp_path / "usual")
        monkeypatch.setattr(mps, "TRIAL", trial)
        return log

    return install


def test_a_service_of_our_own_lasts_as_long_as_it_is_needed(installed):
    log = installed()
    with mps.together(["5", "7"]) as shared:
        folder = shared[mps.PIPES]
        assert os.path.isdir(folder)
        assert log.read_text().splitlines() == [f"start 5,7 {folder}"]
    assert log.read_text().splitlines() == [f"start 5,7 {folder}", f"quit {folder}"]
    assert not os.path.exists(folder)


HELD = """
import sys
from pathlib import Path
from iqmetrics.pipeline import mps
mps.USUAL, mps.TRIAL = Path("/nowhere"), ""
with mps.together(["0"]) as shared:
    print(shared[mps.PIPES], flush=True)
    sys.stdin.read()
"""


def test_it_ends_with_a_run_that_is_killed(installed):
    log = installed()
    command = [sys.executable, "-c", HELD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        folder = run.stdout.readline().strip()
        assert log.read_text().splitlines() == [f"start 0 {folder}"]
        run.kill()
    until = time.monotonic() + 20
    while Path(folder).exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert log.read_text().splitlines()[1:] == [f"quit {folder}"]
    assert not Path(folder).exists()


def test_it_is_tried_on_the_first_gpu(installed):
    installed(
        trial=f"import os; raise SystemExit(os.environ['CUDA_VISIBLE_DEVICES'] != '0' or '{mps.PIPES}' not in os.environ)"
    )
    with mps.together(["5"]) as shared:
        assert shared


@pytest.mark.parametrize("fault", [{"code": 1}, {"trial": "raise SystemExit(805)"}])
def test_where_it_does_not_work_nothing_is_shared_and_nothing_is_left(installed, fault):
    log = installed(**fault)
    with mps.together(["0"]) as shared:
        assert shared == {}
    assert log.read_text().splitlines()[-1].startswith("quit")


def test_what_a_user_has_set_up_is_left_alone(installed, tmp_path, monkeypatch):
    log = installed()
    monkeypatch.setenv(mps.PIPES, "/somewhere")
    with mps.together(["0"]) as shared:
        assert shared == {}
    monkeypatch.delenv(mps.PIPES)
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / "control").touch()
    with mps.together(["0"]) as shared:
        assert shared == {}
    assert not log.exists()


def test_without_the_program_nothing_is_shared(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mps, "BESIDE_PATH", str(tmp_path))
    with mps.together(["0"]) as shared:
        assert shared == {}
