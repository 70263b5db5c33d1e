"""Processes made of one that has imported: once for all, and each ends with its connection."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from iqmetrics.pipeline import nursery
from iqmetrics.pipeline.nursery import Nursery
from iqmetrics.pipeline.shards import Place, Shards
from iqmetrics.scorers.size import Size
from iqmetrics.store import Store

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes of Linux")

TELLS = """
import os
from multiprocessing.connection import Connection
from iqmetrics.pipeline import shard_process
def main(handle):
    Connection(handle).send(os.environ["IQM_SHARED"] + " " + os.environ["IQM_OWN"])
shard_process.main = main
"""
COUNTS = "open({path!r}, 'a').write('imported ')\n"


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in told.split()]


def commands(pid: int) -> list[str]:
    return [Path(f"/proc/{child}/cmdline").read_text() for child in children(pid)]


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of that name, which leaves a word when it is imported; told where."""
    (tmp_path / "modules").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    left = tmp_path / "left.txt"
    left.write_text("")

    def write(name: str, code: str = "") -> Path:
        (tmp_path / "modules" / f"{name}.py").write_text(COUNTS.format(path=str(left)) + code)
        return left

    return write


def started(tmp_path, modules):
    store = Store(tmp_path / "scores.sqlite")
    nursery = Nursery(modules, {})
    return Shards([Place("cpu")] * 3, {"size": Size()}, ["size"], store, 3, nursery)


def test_modules_are_imported_once_for_all_processes(tmp_path, module):
    left = module("heavy_for_all")
    modules = ["no_such_module", "heavy_for_all"]
    with closing(started(tmp_path, modules)) as several:
        assert several.unavailable == {}
        told = commands(several._nursery.process.pid)
        assert len(told) == 3
        assert not any("pipeline.shard_process" in command for command in told)
    assert left.read_text() == "imported "
    assert several._nursery.process.poll() == 0


def test_processes_start_afresh_where_an_import_has_used_a_gpu(tmp_path, module):
    code = "from iqmetrics.pipeline import nursery\nnursery._driver_used = lambda: True\n"
    left = module("uses_a_gpu", code)
    with closing(started(tmp_path, ["uses_a_gpu"])) as several:
        assert several.unavailable == {}
        told = commands(several._nursery.process.pid)
        assert len(told) == 3
        assert all("pipeline.shard_process" in command for command in told)
    assert left.read_text() == "imported "


def test_each_process_has_variables_of_its_own(module):
    module("tells_variables", TELLS)
    made = Nursery(["tells_variables"], {"IQM_SHARED": "all"})
    links = made.born([{"IQM_OWN": "first"}, {"IQM_OWN": "second"}])
    assert [link.recv() for link in links] == ["all first", "all second"]
    made.close(60)
    assert made.process.poll() == 0


def test_a_nursery_that_is_gone_looks_like_processes_that_are():
    made = Nursery([], {})
    os.kill(made.process.pid, signal.SIGKILL)
    made.process.wait()
    links = made.born([{}, {}])
    for link in links:
        with pytest.raises((EOFError, OSError)):
            link.recv()
        link.close()
    made.close(1)


def test_a_run_whose_nursery_dies_is_told_so(tmp_path):
    nursery = Nursery([], {})
    os.kill(nursery.process.pid, signal.SIGKILL)
    nursery.process.wait()
    with Store(tmp_path / "scores.sqlite") as store:
        run = Shards([Place("cpu")] * 2, {"size": Size()}, ["size"], store, 2, nursery)
        with closing(run) as several, pytest.raises(RuntimeError, match="run again"):
            assert several.unavailable


def test_as_many_as_a_message_has_room_for(module):
    module("tells_variables", TELLS)
    made = Nursery(["tells_variables"], {"IQM_SHARED": "x" * 99})
    links = made.born([{"IQM_OWN": f"{n} {'y' * 999}"} for n in range(100)])
    assert [link.recv().split()[1] for link in links] == [f"{n}" for n in range(100)]
    made.close(60)


def test_what_does_not_end_in_time_is_ended():
    made = Nursery([], {})
    links = made.born([{}])
    begun = time.monotonic()
    made.close(0.5)  # the connection is still open: its process waits
    assert time.monotonic() - begun < 30
    assert made.process.returncode == -signal.SIGKILL
    with pytest.raises((EOFError, OSError)):
        links[0].recv()


def test_all_end_when_whoever_started_them_is_killed():
    code = (
        "import time\nfrom iqmetrics.pipeline.nursery import Nursery\n"
        "made = Nursery([], {}); links = made.born([{}, {}])\n"
        "print(made.process.pid, flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    deadline = time.monotonic() + 60
    while len(children(pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    both = children(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    while any(Path(f"/proc/{p}").exists() and "Z" not in state(p) for p in (pid, *both)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_too_many_are_refused():
    made = Nursery([], {})
    with pytest.raises(ValueError, match="at most"):
        made.born([{}] * (nursery.MOST + 1))
    made.close(60)
