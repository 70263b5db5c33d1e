"""iqm compare: which two are meant, and how a mistake is told."""

import json
from pathlib import Path

import numpy as np
import pytest
from factory import card
from iqmetrics.cli.compare import choose
from iqmetrics.cli.main import run

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import scorecard_file

BASE = np.random.default_rng(3).normal(0.5, 0.05, size=(40, 3))


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    both = {"old": BASE, "new": BASE + 0.1}
    Path("both.json").write_text(scorecard_file.dump(card(both)))
    Path("old.json").write_text(scorecard_file.dump(card({"old": BASE})))
    Path("new.json").write_text(scorecard_file.dump(card({"new": BASE + 0.1})))
    return tmp_path


@pytest.mark.parametrize(
    ("found", "asked", "names"),
    [
        ([("a", "b")], (), ("a", "b")),
        ([("a", "b", "c")], ("c", "a"), ("c", "a")),
        ([("a",), ("b",)], (), ("a", "b")),
        ([("a",), ("a",)], (), ("a", "a")),
        ([("a", "b"), ("b", "c")], ("b",), ("b", "b")),
    ],
)
def test_the_two_that_are_meant(
    found: list[tuple[str, ...]], asked: tuple[str, ...], names: tuple[str, str]
) -> None:
    assert choose(found, asked) == names


@pytest.mark.parametrize("asked", [(), ("a",)])
def test_one_model_alone_asks_for_another_run(asked: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="one model only, 'a'") as caught:
        choose([("a",)], asked)
    assert "second run" in caught.value.hint


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        ([("a", "b", "c")], ()),
        ([("a", "b")], ("a",)),
        ([("a", "b"), ("c",)], ()),
        ([("a", "b")], ("a", "b", "c")),
    ],
)
def test_what_is_not_clear_is_asked_with_the_names_there_are(
    found: list[tuple[str, ...]], asked: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput) as caught:
        choose(found, asked)
    assert all(repr(m) in caught.value.hint for models in found for m in models)


def answer(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert run(["compare", *args, "--json"]) == 0
    (contrast,) = json.loads(capsys.readouterr().out)["contrasts"]
    told: str = contrast["answer"]
    return told


def test_the_order_says_which_is_the_baseline(
    cards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(capsys, "both.json", "--model", "old", "--model", "new") == "better"
    assert answer(capsys, "both.json", "--model", "new", "--model", "old") == "worse"
    assert answer(capsys, "old.json", "new.json") == "better"
    assert answer(capsys, "new.json", "old.json") == "worse"


def test_a_model_against_itself_is_tied_within_any_margin(
    cards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(capsys, "old.json", "old.json", "--margin", "toy.good=0.01") == "tied"


def test_the_table_names_both_models(cards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "old.json", "new.json"]) == 0
    out = capsys.readouterr().out
    assert "old" in out
    assert "new" in out
    assert "better" in out


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["old.json", "new.json", "both.json"],
        ["nowhere.json", "old.json"],
        ["both.json", "--model", "old", "--model", "unknown"],
        ["old.json", "new.json", "--margin", "toy.good"],
        ["old.json", "new.json", "--margin", "toy.good=much"],
        ["old.json", "new.json", "--margin", "toy.good="],
        ["old.json", "new.json", "--margin", "toy.good=nan"],
        ["old.json", "new.json", "--margin", "toy.good=inf"],
        ["old.json", "new.json", "--margin", "toy.good=-0.1"],
        ["old.json", "new.json", "--margin", "=1"],
        ["--claim", "93% of 30 vs 71% of 99999999999999999999"],
        ["--claim", "much better"],
        ["--claim", ""],
    ],
)
def test_mistakes_are_2_and_one_sentence(
    cards: Path, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", *args]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("Error: ")
    assert len(told.splitlines()) <= 2


def test_a_claim_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "--claim", "90% of 30 vs 60% of 30", "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_models_of_two_runs_are_listed_once_or_by_side() -> None:
    """A baseline of both models against a run of both models is the usual case in CI."""
    with pytest.raises(BadInput) as told:
        choose([("a", "b"), ("a", "b")], ())
    assert told.value.hint.endswith("there are: 'a', 'b'")
    with pytest.raises(BadInput) as told:
        choose([("a", "b"), ("c",)], ())
    assert told.value.hint.endswith("there are: 'a', 'b' in the first, 'c' in the second")
