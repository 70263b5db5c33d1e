"""Only one run of a command is at work in a folder; a run that ended, or was killed, keeps nobody out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.alone import alone

HOLD = """
import sys
from pathlib import Path
from iqmetrics.pipeline.alone import alone
with alone(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("command", ["generate", "score"])
def test_another_process_is_kept_out_until_the_first_ends(tmp_path: Path, command: str) -> None:
    hold = [sys.executable, "-c", HOLD, str(tmp_path), command]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None and first.stdout.readline() == b"held\n"
        told = pytest.raises(BadInput, match=f"another iqm {command} is at work")
        with told, alone(tmp_path, command):
            pass
        with alone(tmp_path, "other"):
            pass
        first.kill()
    with alone(tmp_path, command):
        pass
    assert os.listdir(tmp_path) == []


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), alone(tmp_path, "score"):
        raise KeyError
    with alone(tmp_path, "score"):
        pass


def test_a_lock_file_that_nobody_holds_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / ".iqm-score.lock").touch()
    with alone(tmp_path, "score"):
        pass
