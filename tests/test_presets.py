"""Presets: every shipped one builds; a typo is an error that names the right word."""

from pathlib import Path

import pytest

from iqmetrics import plugins, presets
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


SIZE = '[[scorer]]\nname = "size"\n'


@pytest.mark.parametrize(
    "line", ["min = nan", "max = inf", 'min = "1"', "max = true", "min = [1]", "metric = 3"]
)
def test_a_condition_that_cannot_be_judged_is_refused(tmp_path: Path, line: str) -> None:
    kept = "" if line.startswith("metric") else 'metric = "size.width"\n'
    text = f"{SIZE}[[usable]]\n{kept}{line}\n"
    with pytest.raises(BadInput, match=r"\[\[usable\]\]"):
        presets.load(write(tmp_path, text))


@pytest.mark.parametrize("table", ['metric = "a"', "min = 1.0", ""])
def test_a_condition_needs_a_metric_and_a_limit(tmp_path: Path, table: str) -> None:
    with pytest.raises(BadInput, match="needs a metric and min or max"):
        presets.load(write(tmp_path, f"{SIZE}[[usable]]\n{table}\n"))


def test_a_misspelt_limit_is_no_limit_and_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"key in a \[\[usable\]\] of preset .* named 'mim'"):
        presets.load(write(tmp_path, f'{SIZE}[[usable]]\nmetric = "a"\nmim = 1\nmax = 2\n'))


@pytest.mark.parametrize("pick", ["0", "-1", "1.5", '"first"', "true"])
def test_the_pick_counts_from_one(tmp_path: Path, pick: str) -> None:
    with pytest.raises(BadInput, match="pick"):
        presets.load(write(tmp_path, f"pick = {pick}\n{SIZE}"))


@pytest.mark.parametrize(
    "text",
    ["scorer = 3", 'scorer = ["size"]', "[scorer]\nname = 'size'", "[[scorer]]\nname = 3",
     "[[scorer]]\nname = 'size'\noptions = 3", f"usable = 3\n{SIZE}"],
)  # fmt: skip
def test_tables_of_another_shape_are_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="preset"):
        presets.load(write(tmp_path, text))


def test_conditions_and_pick_are_read(tmp_path: Path) -> None:
    text = (
        f'pick = 3\n{SIZE}[[usable]]\nmetric = "a"\nmin = 1\n[[usable]]\nmetric = "b"\nmax = -2.5\n'
    )
    preset = presets.load(write(tmp_path, text))
    assert preset.pick == 3
    assert preset.usable == (presets.Condition("a", min=1), presets.Condition("b", max=-2.5))


def test_a_class_is_not_imported_before_it_is_built(tmp_path: Path) -> None:
    preset = presets.load(write(tmp_path, '[[scorer]]\nname = "no.such.module:Thing"'))
    with pytest.raises(BadInput, match="cannot be imported"):
        preset.scorers[0].build()


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        presets.load(str(tmp_path / "absent.preset.toml"))
    path = tmp_path / "x.preset.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match=r"x\.preset\.toml"):
        presets.load(str(path))


def test_every_shipped_condition_is_about_a_metric_that_exists() -> None:
    """A typo would leave the condition out without a word: what no scorer has is not judged."""
    built = [plugins.make("scorer", name) for name in plugins.BUILT_IN["scorer"]]
    metrics = {metric.name for scorer in built for metric in scorer.metrics}
    for name in presets.shipped():
        assert {c.metric for c in presets.load(name).usable} <= metrics, name


def test_limits_that_no_image_can_keep_are_refused(tmp_path: Path) -> None:
    table = f'{SIZE}[[usable]]\nmetric = "size.width"\n'
    with pytest.raises(BadInput, match=r"of size\.width, min 9 lies above max 8") as error:
        presets.load(write(tmp_path, table + "min = 9\nmax = 8\n"))
    assert error.value.hint == "No image could be usable"
    (kept,) = presets.load(write(tmp_path, table + "min = 8\nmax = 8\n")).usable
    assert (kept.min, kept.max) == (8, 8)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_preset_of_any_editor_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "größe.preset.toml"
    path.write_bytes(('about = "größer"\r\n' + SIZE.replace("\n", "\r\n")).encode(encoding))
    found = presets.load(str(path))
    assert (found.name, found.about, len(found.scorers)) == ("größe", "größer", 1)


def test_a_preset_that_names_no_scorer_shows_how(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="names no scorer") as error:
        presets.load(write(tmp_path, 'about = "x"'))
    assert "[[scorer]]" in error.value.hint
