"""Only one run makes images in a folder; a run that ended, or was killed, keeps nobody out."""

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
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_kept_out_until_the_first_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None and first.stdout.readline() == b"held\n"
        with pytest.raises(BadInput, match="another iqm generate is at work"), alone(tmp_path):
            pass
        first.kill()
    with alone(tmp_path):
        pass
    assert os.listdir(tmp_path) == []


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), alone(tmp_path):
        raise KeyError
    with alone(tmp_path):
        pass
