"""Whether anything changed: told without opening a file, and never wrongly "nothing"."""

from dataclasses import replace
from pathlib import Path

import pytest
from factory import Toy, paint, scored

from iqmetrics.errors import Unavailable
from iqmetrics.pipeline import unchanged
from iqmetrics.pipeline.index import look
from iqmetrics.pipeline.pending import problem_key
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.settings import Settings
from iqmetrics.pipeline.unchanged import Seen, check, remember
from iqmetrics.records import Missing, Reading

SIZE = Settings(scorers=("size",), workers=0)
CARD = "iqm/card.json"


class Absent(Toy):
    """Needs a package that is not here."""

    here = False

    def load(self, device: str) -> None:
        if not Absent.here:
            raise Unavailable("toy needs a package", "pip install it")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        paint(tmp_path / f"{number}.png", number)
    return tmp_path


@pytest.fixture
def done(folder: Path) -> Result:
    """A folder that was scored and whose fingerprint was kept."""
    result = scored(folder, SIZE)
    remember(result.store, seen(folder, result), result, folder / CARD)
    return result


def seen(
    folder: Path, result: Result, settings: Settings = SIZE, results: tuple[Path, ...] = ()
) -> Seen:
    return check(
        result.store, look(folder, result.store, settings), settings, results, folder / CARD
    )


def test_the_same_folder_and_settings_are_the_same(folder: Path, done: Result) -> None:
    assert seen(folder, done).same


def test_a_first_run_is_never_the_same(folder: Path) -> None:
    result = scored(folder, SIZE)
    assert not seen(folder, result).same


def test_no_file_is_opened_to_tell(
    folder: Path, done: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("builtins.open", fail)
    assert seen(folder, done).same


@pytest.mark.parametrize(
    "change",
    [
        {"scorers": ("niqe",)},
        {"scorers": ("size", "factory:Toy")},
        {"texts": ("SALE",)},
        {"limit": 2},
        {"exclude": ("2.png",)},
        {"model_from": "metadata"},
        {"options": {"size": {}}},
    ],
)
def test_other_settings_are_a_change(folder: Path, done: Result, change: dict[str, object]) -> None:
    assert not seen(folder, done, replace(SIZE, **change)).same  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"workers": 3}, {"device": "cpu"}])
def test_how_fast_it_is_done_is_no_change(
    folder: Path, done: Result, change: dict[str, object]
) -> None:
    assert seen(folder, done, replace(SIZE, **change)).same  # type: ignore[arg-type]


def test_a_changed_folder_is_a_change(folder: Path, done: Result) -> None:
    paint(folder / "3.png", 200)
    assert not seen(folder, done).same
    (folder / "3.png").unlink()
    assert seen(folder, done).same


def test_a_result_that_is_gone_is_written_again(folder: Path, done: Result) -> None:
    kept = folder / "iqm" / "scorecard.json"
    assert not seen(folder, done, results=(kept,)).same
    kept.touch()
    assert not seen(folder, done, results=(kept,)).same, "an empty one was cut short"
    kept.write_text("{}")
    assert seen(folder, done, results=(kept,)).same


def test_a_scorecard_that_was_written_to_is_a_change(folder: Path) -> None:
    result, card = scored(folder, SIZE), folder / CARD
    card.write_text("[1]")
    remember(result.store, seen(folder, result), result, card)
    assert seen(folder, result).same
    card.write_text("[2]")
    assert not seen(folder, result).same
    card.unlink()
    assert not seen(folder, result).same


def test_a_changed_rule_of_a_preset_file_is_a_change(folder: Path) -> None:
    """The scorers stay the same, so only the rule itself can tell."""
    preset = folder / "mine.preset.toml"
    text = '[[scorer]]\nname = "size"\n[[usable]]\nmetric = "size.width"\nmin = %d\n'
    preset.write_text(text % 10)
    settings = Settings(preset=str(preset), workers=0)
    result = scored(folder, settings)
    remember(result.store, seen(folder, result, settings), result, folder / CARD)
    assert seen(folder, result, settings).same
    preset.write_text(text % 99)
    assert not seen(folder, result, settings).same
    preset.write_text("pick = 2\n" + text % 10)
    assert not seen(folder, result, settings).same


def test_another_decode_policy_or_version_is_a_change(
    folder: Path, done: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "DECODE_POLICY", "next")
    assert not seen(folder, done).same


def test_an_interrupted_run_is_not_remembered(folder: Path, done: Result) -> None:
    remember(done.store, seen(folder, done), replace(done, interrupted=True), folder / CARD)
    assert not seen(folder, done).same


@pytest.mark.parametrize(
    ("status", "same"),
    [("failed", False), ("abstained", True), ("not_applicable", True)],
)
def test_only_what_may_still_succeed_keeps_a_run_open(
    folder: Path, status: str, same: bool
) -> None:
    settings = replace(SIZE, scorers=("factory:Toy",))
    result = scored(folder, settings)
    (facts,) = result.scorers
    reading = Reading({"toy.good": 1.0}, {"toy.bad": Missing(status, "so")})
    result.store.add([(facts.key(result.run.records[0]), "toy", reading)])
    fresh = Result(result.run, result.store, result.index)
    remember(fresh.store, seen(folder, fresh, settings), fresh, folder / CARD)
    assert seen(folder, fresh, settings).same is same


@pytest.mark.parametrize(("status", "same"), [("unreadable", False), ("truncated", True)])
def test_an_image_that_may_be_readable_next_time_keeps_a_run_open(
    folder: Path, done: Result, status: str, same: bool
) -> None:
    problems = {"0.png": Missing(status, "so")}
    result = Result(replace(done.run, decode_problems=problems), done.store, done.index)
    remember(result.store, seen(folder, result), result, folder / CARD)
    assert seen(folder, result).same is same


def test_bytes_that_are_known_to_be_damaged_do_not_keep_a_run_open(
    folder: Path, done: Result
) -> None:
    reading = Reading({}, {"image": Missing("unreadable", "a wrong checksum")})
    done.store.add([(problem_key(done.run.records[0]), "image", reading)])
    problems = {done.run.records[0].image: reading.missing["image"]}
    result = Result(replace(done.run, decode_problems=problems), done.store, done.index)
    remember(result.store, seen(folder, result), result, folder / CARD)
    assert seen(folder, result).same


def test_a_package_that_came_meanwhile_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = folder / "mine.preset.toml"
    preset.write_text(f'[[scorer]]\nname = "{__name__}:Absent"\n[[scorer]]\nname = "size"\n')
    settings = Settings(preset=str(preset), workers=0)
    monkeypatch.setattr(Absent, "here", False)
    result = scored(folder, settings)
    assert set(result.run.unavailable) == {"toy"}
    remember(result.store, seen(folder, result, settings), result, folder / CARD)
    assert seen(folder, result, settings).same
    monkeypatch.setattr(Absent, "here", True)
    assert not seen(folder, result, settings).same
