"""iqm scorers: what can be measured, as a table, a page or JSON."""

import json

import pytest
from iqmetrics.cli.main import run

from iqmetrics import plugins


def test_the_list_has_every_registered_scorer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorers"]) == 0
    out = capsys.readouterr().out
    named = [line.split()[0] for line in out.splitlines()[2:]]
    assert named == sorted(plugins.names("scorer"))


def test_json_has_what_the_classes_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorers", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == set(plugins.names("scorer"))
    size = found["size"]
    assert size["scope"] == "image"
    assert [m["name"] for m in size["metrics"]] == [
        m.name for m in plugins.make("scorer", "size").metrics
    ]


def test_one_scorer_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorers", "factory:Toy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "toy",
        "version": "1",
        "scope": "image",
        "licence": "Apache-2.0",
        "uses": ["prompt"],
        "weights": [],
        "options": {"option": "1"},
        "metrics": [
            {"name": "toy.good", "unit": "", "low": 0, "high": 1, "better": "higher",
             "about": "higher is better"},
            {"name": "toy.bad", "unit": "px", "low": 0, "high": None, "better": "lower",
             "about": "lower is better"},
        ],
    }  # fmt: skip


def test_a_page_shows_docstring_ranges_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorers", "factory:Toy"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("toy (version 1, image scope, Apache-2.0)\n\nTwo toy metrics.\n")
    assert "0..1" in out
    assert " 0..  " in out, "an open range has no upper end"
    assert out.endswith("Options:\n  option = 1\n")


def test_a_scorer_that_cannot_be_made_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {"size": "iqmetrics.scorers.size:Size", "broken": "no.such.module:Thing"}
    monkeypatch.setitem(plugins.BUILT_IN, "scorer", known)
    assert run(["scorers"]) == 0
    broken, size = capsys.readouterr().out.splitlines()[2:4]
    assert broken.startswith("broken")
    assert "cannot be imported" in broken
    assert "size.width" in size
    assert run(["scorers", "--json"]) == 0
    assert "cannot be imported" in json.loads(capsys.readouterr().out)["broken"]


@pytest.mark.parametrize("name", ["sise", "no.such.module:Thing", "factory:Nothing"])
def test_an_unknown_scorer_is_2(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorers", name]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("Error: ")


@pytest.mark.parametrize("name", sorted(plugins.BUILT_IN["scorer"]))
def test_every_built_in_scorer_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scorers", name]) == 0
    out = capsys.readouterr().out
    scorer = plugins.make("scorer", name)
    assert all(m.name in out and m.about in out for m in scorer.metrics)
