"""Several scoring processes: the same store as one, sets kept together, faults told."""

import os
import signal
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from factory import Recorder
from PIL import Image

from iqmetrics.engines.work import ImageWork
from iqmetrics.errors import BadInput
from iqmetrics.pipeline import dealing, device, shards
from iqmetrics.pipeline import score as stage
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.progress import Silent
from iqmetrics.pipeline.shards import Place, Shards, places
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.look import Look
from iqmetrics.scorers.size import Size
from iqmetrics.store import Store


def work(count):
    images = [
        ImageWork(ImageRecord(f"{n}", f"{n}"), {"size": b"k%d" % n}, b"p") for n in range(count)
    ]
    return Pending(images, [])


def folder_of(path, count=6):
    rng = np.random.default_rng(3)
    for n in range(count):
        pixels = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f"{n}.png")
    (path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing")
    return path


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_process_that_asks_gets_the_next_portion(tmp_path, monkeypatch):
    """More portions than processes: all is done, whoever did it, sets of four among them."""
    folder = tmp_path / "made"
    for prompt in range(5):
        (folder / f"p{prompt}").mkdir(parents=True)
        folder_of(folder / f"p{prompt}", 4)
        (folder / f"p{prompt}" / "broken.png").unlink()
    preset = tmp_path / "sets.preset.toml"
    preset.write_text(
        'about = "sets"\n[[scorer]]\nname = "size"\n[[scorer]]\nname = "diversity"\n'
        'options = { model = "demo" }\n'
    )
    alone = stage.score(folder, str(preset), device="cpu", workers=1)
    monkeypatch.setattr(shards, "places", lambda device, images: [Place("cpu")] * 2)
    monkeypatch.setattr(shards, "portions", partial(dealing.portions, size=4))
    both = stage.score(folder, str(preset), device="cpu", workers=2, out=tmp_path / "out")
    assert both.readings() == alone.readings()
    assert both.scorecard == alone.scorecard


def test_two_processes_fill_the_store_as_one_does(tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    preset = tmp_path / "two.preset.toml"
    preset.write_text('about = "two"\n[[scorer]]\nname = "size"\n[[scorer]]\nname = "look"\n')
    alone = stage.score(folder, str(preset), device="cpu", workers=1)
    monkeypatch.setattr(shards, "places", lambda device, images: [Place("cpu")] * 2)
    seen, out = Recorder(), tmp_path / "out"
    both = stage.score(folder, str(preset), device="cpu", workers=2, out=out, progress=seen)
    stages = [facts[0] for what, facts in seen.told if what == "start"]
    assert stages == ["reading", "loading scorers", "scoring"]
    assert both.readings() == alone.readings()
    assert both.run.decode_problems == alone.run.decode_problems
    assert both.run.decode_problems["broken.png"].status == "truncated"
    assert both.scorecard == alone.scorecard
    assert both.store.thumbnail(both.run.records[1].sha256)


@pytest.mark.parametrize("count", [2, 0])
def test_imports_begin_before_gpus_are_known_and_end_where_there_are_none(
    tmp_path, monkeypatch, count
):
    made = []

    def early(*asked):
        made.append(before(*asked))
        return made[-1]

    before = shards.early
    monkeypatch.setattr(shards, "early", early)
    monkeypatch.setattr(shards, "WORTH", 1)
    monkeypatch.setattr(device, "likely", lambda device: True)
    monkeypatch.setattr(device, "choose", lambda device: "cpu")
    monkeypatch.setattr(shards, "places", lambda device, images: [Place("cpu")] * count)
    folder = folder_of(tmp_path)
    preset = tmp_path / "one.preset.toml"
    preset.write_text('about = "one"\n[[scorer]]\nname = "size"\n')
    done = stage.score(folder, str(preset), workers=2, out=tmp_path / "out")
    assert len(done.run.records) == 7
    assert [nursery.process.poll() for nursery in made] == [0 if count else -signal.SIGKILL]


def test_what_cannot_load_is_not_imported_for(monkeypatch):
    """CLIP's weights are missing: its package is left alone. A CLIP of one's own has none."""
    from iqmetrics.scorers.clip import Clip

    asked = []
    monkeypatch.setattr(shards, "Nursery", lambda modules, environment: asked.append(modules))
    monkeypatch.setattr(shards.weights, "has", lambda name: False)
    scorers = {"size": Size(), "clip": Clip(), "own": Clip(model="local-dir:x")}
    shards.early(scorers, ["size", "clip"], 1000)
    shards.early(scorers, ["size", "own"], 1000)
    assert shards.early(scorers, ["size", "own"], 2) is None
    assert asked == [["torch"], ["torch", "open_clip"]]


def test_a_process_that_dies_is_told_and_what_is_done_is_kept(tmp_path):
    with Store(tmp_path / "scores.sqlite") as store:
        scorers = {"size": Size(), "look": Look()}
        with closing(Shards([Place("cpu")] * 2, scorers, ["size"], store, 2)) as several:
            assert several.unavailable == {}
            nursery = several._nursery.process
            os.kill(int(children(nursery.pid)[0]), signal.SIGKILL)
            with pytest.raises(RuntimeError, match="run again"):
                several.run(work(4), Silent())
        assert nursery.poll() == 0


def many(folder):
    """Work on a few pictures, again and again."""
    records = [ImageRecord(f"{n}", str(folder / f"{n % 6}.png")) for n in range(400)]
    return Pending([ImageWork(r, {"size": r.image.encode()}, b"p") for r in records], [])


def test_a_store_that_cannot_be_written_is_told_in_its_own_words(tmp_path):
    class Full(Store):
        def write(self, changes):
            raise BadInput("scores.sqlite cannot be written: disk is full", "Free some room")

    work = many(folder_of(tmp_path))
    Store(tmp_path / "scores.sqlite").__exit__()
    with Full(tmp_path / "scores.sqlite") as store:
        several = Shards([Place("cpu")] * 2, {"size": Size()}, ["size"], store, 2)
        with pytest.raises(BadInput, match="disk is full"), closing(several):
            several.run(work, Silent())


def test_what_was_found_before_the_run_was_interrupted_is_written(tmp_path):
    class Interrupting(Silent):
        def advance(self, count=1):
            raise KeyboardInterrupt

    work = many(folder_of(tmp_path))
    with Store(tmp_path / "scores.sqlite") as store:
        with closing(Shards([Place("cpu")] * 2, {"size": Size()}, ["size"], store, 2)) as several:
            assert several.run(work, Interrupting()).interrupted
        assert 16 <= len(store.keys()) < 400


def test_what_cannot_be_loaded_is_told_before_the_work(tmp_path):
    from iqmetrics.scorers.clip import Clip

    with Store(tmp_path / "scores.sqlite") as store:
        scorers = {"clip": Clip(model=f"local-dir:{tmp_path}")}
        with closing(Shards([Place("cpu")], scorers, ["clip"], store, 1)) as several:
            assert "open_clip" in several.unavailable["clip"]


def test_no_process_is_started_where_one_is_enough():
    assert places("cpu", 100_000) == []
    assert places("cuda", shards.WORTH) == []


def test_processes_are_spread_over_the_gpus(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda n: type("P", (), {"total_memory": 80 << 30})
    )
    monkeypatch.setattr(shards, "cores", lambda: 32)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert [p.gpu for p in places("cuda", 10_000)] == ["5", "7"] * 8
    assert len(places("cuda", 3 * shards.WORTH)) == 3
    monkeypatch.setattr(shards, "cores", lambda: 4)
    assert [p.gpu for p in places("cuda", 10_000)] == ["5", "7"]


def test_each_process_begins_with_another_scorer() -> None:
    assert [shards.turned(["a", "b", "c"], n) for n in range(4)] == [
        ["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"],
    ]  # fmt: skip
    assert shards.turned([], 5) == []
