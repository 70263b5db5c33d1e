"""The demo's steps in order: what is said, what is left, what a second run makes."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iqmetrics.demo import pipeline, scenes, vocabulary
from iqmetrics.errors import BadInput
from iqmetrics.pipeline.generate import generate
from iqmetrics.pipeline.models import Model, build
from iqmetrics.suites.load import load
from iqmetrics.views.demo import run_all

pytest.importorskip("open_clip")
pytest.importorskip("diffusers")


OPTIONS = {"device": "cpu", "batch": 16, **pipeline.PARAMS}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    out, said = tmp_path_factory.mktemp("demo"), list[str]()
    with pytest.MonkeyPatch.context() as narrow:
        narrow.setenv("COLUMNS", "80")
        narrow.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        told = run_all(out, said.append)
    assert (told.made, told.kept) == (96, 0)
    return out, said


def test_the_better_trained_model_is_found_and_passes(walked: tuple[Path, list[str]]) -> None:
    out, said = walked
    verdict = json.loads((out / "verdict.json").read_text())
    assert verdict["state"] == "PASS"
    [line] = [x for x in (out / "compare.txt").read_text().splitlines() if "clip.alignment" in x]
    assert line.startswith("better")
    assert said[-1].endswith("PASS: gate demo, v2 against v1")


def test_what_is_said_fits_the_terminal_and_what_is_stored_has_a_line_a_metric(
    walked: tuple[Path, list[str]],
) -> None:
    out, said = walked
    [shown] = [text for text in said if text.startswith("v2 against v1")]
    assert max(map(len, shown.splitlines())) <= 80
    header, _, *rows = (out / "compare.txt").read_text().splitlines()[2:]
    assert all("pairs" in row[header.rindex("n") :] for row in rows)


def test_every_step_is_announced_in_order(walked: tuple[Path, list[str]]) -> None:
    steps = [text.split(":")[0] for text in walked[1] if text[0].isdigit()]
    assert steps == ["1. generate", "2. score", "3. compare", "4. gate"]
    assert "early in its training" in walked[1][0]


def test_the_models_are_left_and_make_the_same_image_again(
    walked: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """A user's own `iqm generate` of the folder gives the bytes that the demo scored."""
    out, _ = walked
    model = Model("v2", build(f"diffusers:{out / 'models' / 'v2'}", OPTIONS))
    generate(load("demo"), [model], tmp_path, limit=8)
    made, scored = (
        {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*.png")}
        for root in (tmp_path / "images" / "v2", out / "outputs" / "images" / "v2")
    )
    assert len(made) == 16 and made.items() <= scored.items()


def test_table_and_page_are_left(walked: tuple[Path, list[str]]) -> None:
    out, _ = walked
    rows = list(csv.DictReader((out / "scorecard.csv").open(encoding="utf-8-sig")))
    assert {row["model"] for row in rows} == {"v1", "v2"}
    alignment = [row for row in rows if row["metric"] == "clip.alignment"]
    assert len(alignment) == 2
    assert "clip.alignment" in (out / "report.html").read_text("utf-8")


def test_a_second_run_makes_nothing_and_changes_nothing(
    walked: tuple[Path, list[str]], terminal: Callable[[int], None]
) -> None:
    terminal(80)
    out, said = walked
    before = {p: p.read_bytes() for p in out.glob("*.csv")}
    again: list[str] = []
    told = run_all(out, again.append)
    assert (told.made, told.kept) == (0, 96)
    assert again == said
    assert {p: p.read_bytes() for p in out.glob("*.csv")} == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        run_all(tmp_path / "file" / "out", print)


def test_the_prompts_are_scenes_that_training_never_saw() -> None:
    for prompt in load("demo").prompts:
        scene = vocabulary.scene_of(prompt.text)
        assert scene is not None and scene.held_out, prompt.id
        assert prompt.sizes == ((scenes.SIZE, scenes.SIZE),)
