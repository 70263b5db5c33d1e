"""The main job on real folders: what is scored, what is kept, what is scored again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import fatal_scorers
import interruptible
import numpy as np
import pytest
from fatal_scorers import Grey, of_image
from PIL import Image

import iqmetrics
from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.images import Picture
from iqmetrics.pipeline import scorecard_file
from iqmetrics.pipeline.score import run
from iqmetrics.pipeline.settings import Settings
from iqmetrics.records import Reading
from iqmetrics.store import Store

CALLS: list[str] = []


class Counting(Grey):
    """Counts which images it was asked for."""

    name = "counting"
    metrics = of_image("counting")

    def look(self, pictures: Sequence[Picture]) -> None:
        CALLS.extend(p.record.image for p in pictures)


def paint(path: Path, grey: int, size: tuple[int, int] = (32, 24)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (grey, grey, grey)).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for model, shift in (("a", 0), ("b", 100)):
        for number in range(3):
            path = tmp_path / "out" / model / f"{number}.png"
            paint(path, 10 * number + shift + 1)
            path.with_suffix(".txt").write_text(f"prompt {number}")
    CALLS.clear()
    return tmp_path / "out"


def score(folder: Path) -> iqmetrics.pipeline.score.Result:
    return iqmetrics.score(folder, scorers=(f"{__name__}:Counting",), out=folder / "iqm")


def test_models_prompts_and_values_are_found(folder: Path) -> None:
    result = score(folder)
    assert [(r.model, r.mean) for r in result.scorecard.rows] == [("a", 11.0), ("b", 111.0)]
    assert {r.prompt for r in result.run.records} == {"prompt 0", "prompt 1", "prompt 2"}
    assert result.readings()["a/2.png"]["counting"].values == {"counting": 21.0}


def test_a_second_run_scores_only_what_changed(folder: Path) -> None:
    first = score(folder)
    assert len(CALLS) == 6
    paint(folder / "a" / "0.png", 200)
    paint(folder / "a" / "9.png", 7)
    CALLS.clear()
    second = score(folder)
    assert sorted(CALLS) == ["a/0.png", "a/9.png"]
    assert second.readings()["b/1.png"] == first.readings()["b/1.png"]


def test_moved_images_are_not_scored_again(folder: Path) -> None:
    score(folder)
    CALLS.clear()
    (folder / "b").rename(folder / "c")
    assert score(folder).scorecard.models == ("a", "c")
    assert CALLS == []


def test_a_removed_image_leaves_the_scorecard(folder: Path) -> None:
    score(folder)
    (folder / "a" / "2.png").unlink()
    assert score(folder).scorecard.rows[0].mean == 6.0


def test_identical_files_count_once_per_prompt_and_picks_stay_whole(folder: Path) -> None:
    twin = folder / "a" / "00-twin.png"
    twin.write_bytes((folder / "a" / "0.png").read_bytes())
    twin.with_suffix(".txt").write_text("prompt 0")
    result = score(folder)
    assert len(result.run.records) == 6
    assert result.index.skipped["identical file"] == 1
    assert {r.pick for r in result.run.records} == {1}


def test_a_broken_file_in_the_middle_costs_only_itself(folder: Path) -> None:
    data = (folder / "a" / "1.png").read_bytes()
    (folder / "a" / "1.png").write_bytes(data[:60])
    (folder / "b" / "1.png").write_bytes(b"")
    result = score(folder)
    assert set(result.run.decode_problems) == {"a/1.png", "b/1.png"}
    assert result.scorecard.rows[0].coverage["ok"] == 2
    assert sum(result.scorecard.rows[0].coverage.values()) == 3


def test_without_a_folder_nothing_is_written(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    iqmetrics.score(folder, scorers=("size",))
    assert sorted(folder.rglob("*")) == before


def test_whoever_reads_every_outcome_has_the_scorecard_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = score(folder)
    result, card = replace(told), told.scorecard
    assert list(result.judged()) == list(told.outcomes())
    monkeypatch.setattr(type(result), "outcomes", lambda *_: 1 / 0)
    assert result.scorecard == card


def test_outcomes_that_are_not_read_to_the_end_make_no_scorecard(folder: Path) -> None:
    told = score(folder)
    result = replace(told)
    next(result.judged())
    assert result.scorecard == told.scorecard


def test_images_in_memory() -> None:
    images = [
        np.full((20, 30), 9, np.uint8),
        Image.new("RGBA", (50, 40)),
        np.zeros((8, 8, 4), np.uint8),
    ]
    result = iqmetrics.score(images, scorers=("size",))
    widths = [r["size"].values["size.width"] for r in result.readings().values()]
    assert widths == [30, 50, 8]
    with pytest.raises(BadInput, match="float64"):
        iqmetrics.score([np.zeros((4, 4))], scorers=("size",))


def test_no_setting_is_passed_over_where_images_are_in_memory() -> None:
    """`texts` is heeded; what is about files is refused instead of doing nothing."""
    image = Image.new("RGB", (64, 64))
    told = iqmetrics.score([image], scorers=("size",), texts=("SALE",))
    assert told.run.records[0].texts == ("SALE",)
    with pytest.raises(BadInput, match="prompts: about files"):
        iqmetrics.score([image], scorers=("size",), prompts="prompts.csv")


def test_images_in_memory_may_have_prompts(folder: Path) -> None:
    images = [Image.new("RGB", (64, 64), (n, 0, 0)) for n in range(3)]
    told = iqmetrics.score(images, scorers=("size",), prompts=("a fox", "a fox", None))
    assert [r.prompt for r in told.run.records] == ["a fox", "a fox", None]
    assert {(row.images, row.prompts) for row in told.scorecard.rows if row.images} == {(3, 2)}
    for prompts in ([], ["a fox"] * 4):
        with pytest.raises(BadInput, match=f"{len(prompts)} prompts for 3 images"):
            iqmetrics.score(images, scorers=("size",), prompts=prompts)
    with pytest.raises(BadInput, match="prompts is of the kind list"):
        iqmetrics.score(folder, scorers=("size",), prompts=["a fox"] * 6)


def test_results_that_have_no_place_are_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(BadInput, match="cannot be a folder of results: File exists"):
        iqmetrics.score([Image.new("L", (8, 8))], scorers=("size",), out=tmp_path / "run")


def test_a_result_is_shown_in_a_line() -> None:
    images = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in range(30)]
    result = iqmetrics.score(images, scorers=("size",))
    assert repr(result) == "<Result: 30 images of 1 model, scored by size>"
    assert repr(replace(result, interrupted=True)).endswith("size, interrupted>")


def test_files_instead_of_a_folder(folder: Path) -> None:
    result = iqmetrics.score([folder / "a/0.png", folder / "b/1.png"], scorers=("size",))
    assert len(result.run.records) == 2


def test_pandas_has_a_row_an_image_and_no_number_for_what_is_missing(folder: Path) -> None:
    pd = pytest.importorskip("pandas")
    frame = iqmetrics.score(folder, scorers=("size",)).to_pandas()
    assert len(frame) == 6
    assert frame["size.width"].tolist() == [32] * 6
    assert frame["size.as_requested"].isna().all()
    assert isinstance(frame, pd.DataFrame)


@pytest.mark.parametrize("content", [None, "text"])
def test_nothing_to_score_is_one_sentence(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "notes.md").write_text(content)
    with pytest.raises(BadInput, match="no images in"):
        iqmetrics.score(tmp_path, scorers=("size",))
    with pytest.raises(BadInput, match="does not exist"):
        iqmetrics.score(tmp_path / "nowhere", scorers=("size",))


def test_an_unknown_scorer_is_told_before_anything_is_read(folder: Path) -> None:
    with pytest.raises(UnknownName, match="sise"):
        iqmetrics.score(folder, scorers=("sise",))


SLOW_SCORER = """
import time
from dataclasses import dataclass
from iqmetrics import Metric, Reading

@dataclass(frozen=True)
class Slow:
    '''Mean grey, slowly.'''
    name, version, scope, licence = "slow", "1", "image", "Apache-2.0"
    metrics = (Metric("slow", "", 0, 255, "neither", "mean"),)

    def score(self, pictures):
        time.sleep(EACH_S * len(pictures))
        return [Reading({"slow": float(p.pixels.mean())}) for p in pictures]
"""


def slowly(tmp_path: Path, images: int, each_s: float) -> tuple[Path, list[str], dict[str, str]]:
    """A folder of images, and the command that scores it with `each_s` seconds an image."""
    body = SLOW_SCORER.replace("EACH_S", str(each_s))
    (tmp_path / "slow_scorer.py").write_text(body)
    folder = tmp_path / "out"
    for number in range(images):
        paint(folder / f"{number:03}.png", number)
    command = [sys.executable, "-m", "iqmetrics.cli.main", "score", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return folder, [*command, "--scorer", "slow_scorer:Slow"], environment


def stored(folder: Path) -> int:
    path = folder / "iqm" / "scores.sqlite"
    if not path.exists():
        return 0
    with Store(path) as store:
        return len(store.keys())


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_a_killed_run_resumes_to_the_same_scorecard(tmp_path: Path, kills: int) -> None:
    folder, command, environment = slowly(tmp_path, images=150, each_s=0.01)
    counts: list[int] = []
    for _ in range(kills):
        before = counts[-1] if counts else 0
        process = subprocess.Popen(
            [*command, "--quiet"], env=environment, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and stored(folder) <= before:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        counts.append(stored(folder))
    assert counts == sorted(counts), "nothing that was stored is lost"
    subprocess.run([*command, "--quiet"], env=environment, check=True, stdout=subprocess.DEVNULL)
    resumed = (folder / "iqm" / "scorecard.json").read_bytes()
    whole = tmp_path / "whole"
    done = [*command, "--quiet", "--out", str(whole)]
    subprocess.run(done, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert (whole / "scorecard.json").read_bytes() == resumed
    assert (whole / "scores_long.csv").read_bytes() == (
        folder / "iqm" / "scores_long.csv"
    ).read_bytes()


def test_two_runs_share_one_store(folder: Path) -> None:
    with Store(None) as store:
        settings = Settings(scorers=(f"{__name__}:Counting",))
        run(folder, store, settings, iqmetrics.pipeline.progress.Silent())
        CALLS.clear()
        run(folder, store, settings, iqmetrics.pipeline.progress.Silent())
    assert CALLS == []


def test_interrupt_leaves_a_valid_scorecard_and_exit_130(tmp_path: Path) -> None:
    folder, command, environment = slowly(tmp_path, images=80, each_s=0.05)
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible.listen,
    )
    while process.poll() is None and stored(folder) == 0:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, talk = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted: run the same command again to go on." in talk
    card = scorecard_file.load(folder / "iqm" / "scorecard.json")
    assert 0 < card.rows[0].images < 80
    assert "slow" in out
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "n=80" in again.stdout


class Spread(fatal_scorers.Spread):
    """How far the images of one prompt are apart in mean grey."""

    each = "prompt"

    def look(self, pictures: Sequence[Picture]) -> None:
        CALLS.append(",".join(sorted(p.record.image for p in pictures)))


class Touchy(Grey):
    """Fails on images whose names are not UTF-8, and says which; NaN as evidence of others."""

    name = "touchy"
    metrics = of_image("touchy")

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        for p in pictures:
            if not p.record.image.isprintable():
                raise ValueError(f"cannot look at {p.record.path}")
        odd = any(p.record.image == "nan.png" for p in pictures)
        evidence = {"at": float("nan")} if odd else {}
        return [Reading({"touchy": float(p.pixels.mean())}, {}, evidence) for p in pictures]


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Two prompts of three images each."""
    for prompt in range(2):
        for number in range(3):
            path = tmp_path / "out" / f"{prompt}-{number}.png"
            paint(path, 50 * prompt + 10 * number)
            path.with_suffix(".txt").write_text(f"prompt {prompt}")
    CALLS.clear()
    return tmp_path / "out"


def spread(folder: Path) -> dict[str, float]:
    result = iqmetrics.score(folder, scorers=(f"{__name__}:Spread",), out=folder / "iqm", workers=0)
    return {
        o.prompt_id: o.readings["spread"].values["spread"]
        for o in result.outcomes()
        if o.record is None
    }


def test_a_set_is_judged_once_with_all_its_images(sets: Path) -> None:
    assert list(spread(sets).values()) == [20.0, 20.0]
    assert sorted(CALLS) == ["0-0.png,0-1.png,0-2.png", "1-0.png,1-1.png,1-2.png"]
    CALLS.clear()
    spread(sets)
    assert CALLS == []


def test_a_new_image_opens_only_its_own_set(sets: Path) -> None:
    spread(sets)
    paint(sets / "1-9.png", 200)
    (sets / "1-9.txt").write_text("prompt 1")
    CALLS.clear()
    assert sorted(spread(sets).values()) == [20.0, 150.0]
    assert CALLS == ["1-0.png,1-1.png,1-2.png,1-9.png"]


def test_a_broken_image_is_in_no_set_and_does_not_hold_it_up(sets: Path) -> None:
    (sets / "0-2.png").write_bytes(b"")
    assert sorted(spread(sets).values()) == [10.0, 20.0]
    CALLS.clear()
    assert sorted(spread(sets).values()) == [10.0, 20.0]
    assert CALLS == []


def test_images_and_sets_are_fed_from_one_decoding(sets: Path) -> None:
    names = (f"{__name__}:Counting", f"{__name__}:Spread")
    result = iqmetrics.score(sets, scorers=names, workers=0)
    assert {row.metric for row in result.scorecard.rows} == {"counting", "spread"}
    assert len([call for call in CALLS if "," not in call]) == 6


@pytest.mark.parametrize("name", [os.fsdecode(b"\xff.png"), "nan.png"])
def test_a_scorer_that_fails_on_one_image_costs_one_reading(sets: Path, name: str) -> None:
    """Its message names the file as it is on disk; its evidence may not even be JSON."""
    (sets / name).write_bytes((sets / "0-0.png").read_bytes() + b"x")
    result = iqmetrics.score(sets, scorers=(f"{__name__}:Touchy",), out=sets / "iqm", workers=0)
    readings = {image: found["touchy"] for image, found in result.readings().items()}
    failed = [image for image, reading in readings.items() if not reading.values]
    assert failed == [name]
    assert readings[name].missing["touchy"].status == "failed"
    assert iqmetrics.pipeline.score.read(result.store).scorecard == result.scorecard
