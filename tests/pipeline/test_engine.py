"""Engines give one table, whatever the images do to the processes that judge them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import interruptible
import numpy as np
import pytest
from conformance import SCORERS, make_images
from factory import paint

import iqmetrics
from iqmetrics.engines.local import BATCH
from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.pipeline.index import look
from iqmetrics.pipeline.progress import Silent
from iqmetrics.pipeline.score import STORE, run_listing
from iqmetrics.pipeline.settings import Settings
from iqmetrics.store import Store
from iqmetrics.views import feeds

IQM = "import sys; from iqmetrics.cli.main import main; main(sys.argv[1:])"
HELPERS = os.pathsep.join(str(Path(__file__).parents[1] / d) for d in ("engines", "pipeline"))


def command(folder: Path, out: Path, *options: str) -> list[str]:
    scorers = [word for name in SCORERS for word in ("--scorer", name)]
    words = ["score", str(folder), "--out", str(out), "--workers", "1", *scorers, *options]
    return [sys.executable, "-c", IQM, *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": HELPERS}


def local(folder: Path, out: Path, most: int) -> list[int]:
    """Run until a run lives to its end; the exit codes."""
    codes = []
    while len(codes) < most and (not codes or codes[-1] not in (0, 3)):
        done = subprocess.run(
            command(folder, out), env=environment(), capture_output=True, timeout=120
        )
        codes.append(done.returncode)
    return codes


def on_ray(folder: Path, out: Path) -> bytes:
    settings = Settings(scorers=SCORERS, engine="ray", workers=1)
    out.mkdir(parents=True)
    with Store(out / STORE) as store:
        result = run_listing(look(folder, store, settings), store, settings, Silent())
        rows = feeds.long_rows(result.outcomes(), result.scorers)
        feeds.write_csv(out / "scores_long.csv", feeds.LONG, rows)
    return (out / "scores_long.csv").read_bytes()


def until_stored(out: Path, count: int, process: "subprocess.Popen[str]") -> None:
    """Wait until more than `count` outcomes are stored, the process has ended, or 100 s."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.5)
        if (out / STORE).exists():
            with Store(out / STORE) as store:
                if len(store.keys()) > count:
                    return


@pytest.mark.parametrize(
    ("count", "fatal"), [(48, 1), pytest.param(200, 3, marks=pytest.mark.slow)]
)
def test_local_and_ray_give_the_same_table(
    ray_here: None, tmp_path: Path, count: int, fatal: int
) -> None:
    folder = tmp_path / "images"
    make_images(folder, count, fatal)
    codes = local(folder, tmp_path / "local", most=fatal + 1)
    assert codes[-1] == 0 and len(codes) > 1, "a run dies, and a later one comes through"
    table = (tmp_path / "local" / "scores_long.csv").read_bytes()
    assert table.count(b"the process ended while") == fatal
    assert table.count(b"truncated") and table.count(b"unsupported")
    assert on_ray(folder, tmp_path / "ray") == table


def test_what_ended_a_process_is_tried_again_and_never_here(tmp_path: Path) -> None:
    folder, out = tmp_path / "images", tmp_path / "out"
    paint(folder / "a.png", 30)
    paint(folder / "b.png", 211)
    assert local(folder, out, most=2)[-1] == 0
    table = (out / "scores_long.csv").read_bytes()
    assert local(folder, out, most=1) == [0], "the third run survives it too"
    assert (out / "scores_long.csv").read_bytes() == table
    paint(folder / "b.png", 40)
    assert local(folder, out, most=1) == [0]
    assert b"the process ended" not in (out / "scores_long.csv").read_bytes()


def test_an_interrupted_ray_run_keeps_what_is_done_and_goes_on(
    ray_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "images"
    for n in range(40):
        paint(folder / f"{n}.png", n)
    settings = Settings(scorers=("fatal_scorers:Mean",), engine="ray", workers=1)

    class Impatient(Silent):
        def advance(self, count: int = 1) -> None:
            if self.stage == "scoring":
                raise KeyboardInterrupt

        def start(self, stage: str, total: int) -> None:
            self.stage = stage

    with Store(tmp_path / STORE) as store:
        first = run_listing(look(folder, store, settings), store, settings, Impatient())
        assert first.interrupted
        assert sum(1 for _ in first.outcomes()) == BATCH["cpu"]
        second = run_listing(look(folder, store, settings), store, settings, Silent())
        assert not second.interrupted
        values = {i: r["mean"].values["mean"] for i, r in second.readings().items()}
    assert values == {f"{n}.png": n for n in range(40)}


@pytest.mark.slow
def test_ctrl_c_ends_a_ray_of_our_own(ray_here: None, tmp_path: Path) -> None:
    folder, out = tmp_path / "images", tmp_path / "out"
    for n in range(400):
        paint(folder / f"{n}.png", n % 200)
    process = subprocess.Popen(
        command(folder, out, "--scorer", "fatal_scorers:Slow", "--engine", "ray"),
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=interruptible.listen,
    )  # fmt: skip
    until_stored(out, 100, process)
    process.send_signal(signal.SIGINT)
    said, talk = process.communicate(timeout=60)
    assert process.returncode == 130, talk
    assert "raylet" not in said + talk
    rows = (out / "scores_long.csv").read_text("utf-8").splitlines()
    assert 100 < len(rows) < 1600


@pytest.mark.slow
def test_a_machine_that_goes_away_loses_nothing(ray_here: None, tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    folder, out = tmp_path / "images", tmp_path / "out"
    for n in range(100):
        paint(folder / f"{n}.png", n)
    machine = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={**machine, "env_vars": environment()})
    try:
        second = cluster.add_node(**{**machine, "env_vars": environment()})
        process = subprocess.Popen(
            [*command(folder, out, "--scorer", "fatal_scorers:Slow", "--engine", "ray"),
             "--address", cluster.address],
            env=environment(), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until_stored(out, 64, process)
        cluster.remove_node(second, allow_graceful=False)
        _, talk = process.communicate(timeout=150)
    finally:
        cluster.shutdown()
    assert process.returncode == 0, talk
    rows = (out / "scores_wide.csv").read_text("utf-8").splitlines()
    assert {row.split(",")[0] for row in rows} >= {f"{n}.png" for n in range(100)}
    assert "failed" not in (out / "scores_long.csv").read_text("utf-8")


def test_unknown_engines_and_idle_addresses_are_refused(tmp_path: Path) -> None:
    paint(tmp_path / "a.png")
    with pytest.raises(UnknownName, match="no engine named 'rya'") as caught:
        iqmetrics.score(tmp_path, scorers=("size",), engine="rya")
    assert "Did you mean 'ray'?" in caught.value.hint
    with pytest.raises(BadInput, match="--engine ray"):
        iqmetrics.score(tmp_path, scorers=("size",), address="head:6379")


def test_images_in_memory_stay_here() -> None:
    with pytest.raises(BadInput, match="in memory"):
        iqmetrics.score([np.zeros((8, 8, 3), np.uint8)], scorers=("size",), engine="ray")


def test_ray_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    paint(tmp_path / "a.png")
    with pytest.raises(Unavailable, match=r"iqmetrics\[ray\]"):
        iqmetrics.score(tmp_path, scorers=("size",), engine="ray")


def test_a_cluster_that_does_not_answer(tmp_path: Path, ray_here: None) -> None:
    paint(tmp_path / "a.png")
    done = subprocess.run(
        command(tmp_path, tmp_path / "o", "--engine", "ray", "--address", "127.0.0.1:9"),
        env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("Error: no Ray cluster answers at 127.0.0.1:9: ")
    assert len(done.stderr.splitlines()) == 2


def test_nothing_left_to_do_starts_no_cluster(tmp_path: Path) -> None:
    paint(tmp_path / "images" / "a.png")
    iqmetrics.score(tmp_path / "images", scorers=("size",), out=tmp_path)
    settings = {"scorers": ("size",), "engine": "ray", "address": "127.0.0.1:9"}
    result = iqmetrics.score(tmp_path / "images", out=tmp_path, **settings)
    assert result.readings()["a.png"]["size"].values["size.width"] == 32
