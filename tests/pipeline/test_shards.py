"""Several scoring processes: the same store as one, sets kept together, faults told."""

import os
import signal
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.pipeline import score as stage
from iqmetrics.pipeline import shards
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.progress import Silent
from iqmetrics.pipeline.shards import Place, Shards, places, split
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.look import Look
from iqmetrics.scorers.size import Size
from iqmetrics.store import Store


def work(count, sets=()):
    images = [
        ImageWork(ImageRecord(f"{n}", f"{n}"), {"size": b"k%d" % n}, b"p") for n in range(count)
    ]
    return Pending(images, [SetWork("toy", repr, frozenset(map(str, one))) for one in sets])


def names(part):
    return [image.record.image for image in part.images]


def test_the_work_is_split_evenly_and_wholly():
    parts = split(work(10), 3)
    assert sorted(len(part) for part in parts) == [3, 3, 4]
    assert sorted(int(n) for part in parts for n in names(part)) == list(range(10))


def test_sets_that_share_an_image_stay_in_one_part():
    parts = split(work(12, sets=[(0, 5), (5, 9), (1, 2)]), 4)
    of = {name: number for number, part in enumerate(parts) for name in names(part)}
    assert of["0"] == of["5"] == of["9"]
    assert of["1"] == of["2"]
    for number, part in enumerate(parts):
        for one in part.sets:
            assert {of[image] for image in one.images} == {number}
    assert sum(len(part.sets) for part in parts) == 3


def folder_of(path, count=6):
    rng = np.random.default_rng(3)
    for n in range(count):
        pixels = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f"{n}.png")
    (path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing")
    return path


def test_two_processes_fill_the_store_as_one_does(tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    preset = tmp_path / "two.preset.toml"
    preset.write_text('about = "two"\n[[scorer]]\nname = "size"\n[[scorer]]\nname = "look"\n')
    alone = stage.score(folder, str(preset), device="cpu", workers=1)
    monkeypatch.setattr(shards, "places", lambda device, images: [Place("cpu")] * 2)
    both = stage.score(folder, str(preset), device="cpu", workers=2, out=tmp_path / "out")
    assert both.readings() == alone.readings()
    assert both.run.decode_problems == alone.run.decode_problems
    assert both.run.decode_problems["broken.png"].status == "truncated"
    assert both.scorecard == alone.scorecard
    assert both.store.thumbnail(both.run.records[1].sha256)


def test_a_process_that_dies_is_told_and_what_is_done_is_kept(tmp_path):
    with Store(tmp_path / "scores.sqlite") as store:
        scorers = {"size": Size(), "look": Look()}
        with closing(Shards([Place("cpu")] * 2, scorers, ["size"], store, 2)) as several:
            assert several.unavailable == {}
            os.kill(several._processes[0].pid, signal.SIGKILL)
            with pytest.raises(RuntimeError, match="run again"):
                several.run(work(4), Silent())
        assert all(process.poll() is not None for process in several._processes)


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
