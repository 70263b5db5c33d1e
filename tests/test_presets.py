"""Presets: every shipped one builds; a typo is an error that names the right word."""

from pathlib import Path

import pytest

from iqmetrics import presets
from iqmetrics.errors import BadInput, UnknownName


@pytest.mark.parametrize("name", presets.shipped())
def test_every_shipped_preset_builds_its_scorers(name: str) -> None:
    preset = presets.load(name)
    assert preset.about
    built = [choice.build() for choice in preset.scorers]
    assert len({s.name for s in built}) == len(built)


def write(folder: Path, text: str) -> str:
    path = folder / "mine.preset.toml"
    path.write_text(text)
    return str(path)


def test_a_preset_of_ones_own(tmp_path: Path) -> None:
    preset = presets.load(write(tmp_path, 'about = "x"\n[[scorer]]\nname = "size"\n'))
    assert (preset.name, [s.name for s in preset.scorers]) == ("mine", ["size"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[scorer]]\nname = "sise"', "no scorer named 'sise'"),
        ('[[scorer]]\nname = "size"\noptons = {}', "no key in preset mine named 'optons'"),
        ('abuot = "x"\n[[scorer]]\nname = "size"', "no key in preset mine named 'abuot'"),
    ],
)
def test_a_typo_is_told_with_the_right_word(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnknownName, match=told) as error:
        presets.load(write(tmp_path, text))
    assert "Did you mean" in error.value.hint


@pytest.mark.parametrize("text", ["[[scorer]", "", "[[scorer]]\noptions = {}"])
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="preset"):
        presets.load(write(tmp_path, text))


def test_an_option_the_scorer_does_not_take_is_told(tmp_path: Path) -> None:
    preset = presets.load(write(tmp_path, '[[scorer]]\nname = "size"\noptions = {colour = 1}'))
    with pytest.raises(BadInput, match="colour"):
        preset.scorers[0].build()


def test_an_unknown_preset_names_the_shipped_ones() -> None:
    with pytest.raises(UnknownName, match="no preset named 'standart'") as error:
        presets.load("standart")
    assert "'standard'" in error.value.hint
