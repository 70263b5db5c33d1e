"""What scoring processes were seen at, by the program itself."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iqmetrics.pipeline import nursery, shards
from iqmetrics.pipeline import score as stage
from iqmetrics.pipeline.shards import Place


@pytest.fixture
def run_samples(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import run_samples

    monkeypatch.delitem(sys.modules, "run_samples")
    return run_samples


def test_the_scorers_at_work_are_seen(run_samples, tmp_path, monkeypatch):
    folder, seen = tmp_path / "made", tmp_path / "seen"
    folder.mkdir()
    seen.mkdir()
    rng = np.random.default_rng(3)
    for n in range(8):
        pixels = rng.integers(0, 255, (256, 256, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{n}.png")
    preset = tmp_path / "one.preset.toml"
    preset.write_text('about = "one"\n[[scorer]]\nname = "look"\n')
    monkeypatch.setattr(shards, "places", lambda device, images: [Place("cpu")] * 2)
    code = nursery.CODE
    with run_samples.sampled(seen):
        stage.score(folder, str(preset), device="cpu", workers=2, out=tmp_path / "out")
    assert code == nursery.CODE
    found = [json.loads(path.read_text()) for path in seen.glob("*.json")]
    assert len(found) == 2
    places = {place for one in found for second in one.values() for place in second}
    assert any(place.startswith("start: ") for place in places)
    assert any(place.startswith("look: ") for place in places)


def test_what_is_told_is_of_the_warm_seconds_only(run_samples, tmp_path):
    def write(name, seconds):
        (tmp_path / name).write_text(json.dumps(seconds))

    write("a.json", {"9": {"start: x": 200}, "10": {"look: slow": 100}, "11": {"look: a": 30}})
    write("b.json", {"11": {"around: b": 10}, "12": {"face: c": 40}, "13": {"look: late": 99}})
    lines = run_samples.told(tmp_path).splitlines()
    assert lines[0] == "2 seconds, 80 looks"
    assert [line.split() for line in lines[1:4]] == [
        ["50.0", "%", "face"], ["37.5", "%", "look"], ["12.5", "%", "around"],
    ]  # fmt: skip
    assert lines[4].endswith("50.0 %  face: c") and "late" not in "".join(lines)
