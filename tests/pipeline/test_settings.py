"""What a run was asked to do: scorers by preset or by name, and what goes with each."""

from pathlib import Path

import pytest

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.pipeline.settings import Settings
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.presets import Condition, load

PRESET = """
pick = 2
[[scorer]]
name = "niqe"
[[scorer]]
name = "size"
[[usable]]
metric = "niqe"
max = 7.5
"""


@pytest.fixture
def preset(tmp_path: Path) -> str:
    path = tmp_path / "mine.preset.toml"
    path.write_text(PRESET)
    return str(path)


def test_the_default_is_the_standard_preset() -> None:
    names = list(Settings().build_scorers())
    assert names == [choice.name for choice in load("standard").scorers]
    assert Settings().rule().conditions == load("standard").usable


def test_a_reference_folder_adds_fid(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"any")
    built = Settings(scorers=("size",), reference=tmp_path).build_scorers()
    assert list(built) == ["size", "fid"]
    assert built["fid"].reference == str(tmp_path)  # type: ignore[attr-defined]
    own = {"fid": {"file": "net.safetensors"}}
    both = Settings(scorers=("fid",), options=own, reference=tmp_path).build_scorers()
    assert both["fid"].file == "net.safetensors"  # type: ignore[attr-defined]
    assert both["fid"].fingerprint  # type: ignore[attr-defined]


def test_a_preset_of_ones_own_gives_scorers_rule_and_pick(preset: str) -> None:
    settings = Settings(preset=preset)
    assert list(settings.build_scorers()) == ["niqe", "size"]
    assert settings.rule() == Rule((Condition("niqe", max=7.5),), pick=2)


def test_scorers_by_name_replace_the_preset_and_its_rule(preset: str) -> None:
    settings = Settings(preset=preset, scorers=("size",))
    assert list(settings.build_scorers()) == ["size"]
    assert settings.rule() == Rule(())


def test_a_misspelt_preset_is_told_beside_scorers_by_name() -> None:
    with pytest.raises(UnknownName, match="no preset named 'standrad'"):
        Settings(preset="standrad", scorers=("size",)).build_scorers()


def test_a_class_is_known_by_its_own_name() -> None:
    built = Settings(scorers=("factory:Toy",)).build_scorers()
    assert list(built) == ["toy"]


def test_options_reach_the_scorer_that_they_are_for() -> None:
    settings = Settings(scorers=("factory:Toy", "size"), options={"factory:Toy": {"option": 7}})
    assert settings.build_scorers()["toy"].option == 7  # type: ignore[attr-defined]


def test_options_reach_the_scorers_of_a_preset_too() -> None:
    """They were passed over unless the scorer was also asked for by name."""
    built = Settings(options={"grain": {"no_grain_below": 0.5}}).build_scorers()
    assert built["grain"].no_grain_below == 0.5  # type: ignore[attr-defined]
    assert built["grain"].least_covered == Settings().build_scorers()["grain"].least_covered  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", [{"scorers": ("grain",)}, {}])
def test_options_of_a_scorer_that_is_not_asked_are_told(given: dict[str, tuple[str]]) -> None:
    with pytest.raises(UnknownName, match="'grian'") as caught:
        Settings(options={"grian": {"no_grain_below": 0.5}}, **given).build_scorers()  # type: ignore[arg-type]
    assert "Did you mean 'grain'" in caught.value.hint


def test_an_option_that_the_scorer_does_not_have_is_told() -> None:
    settings = Settings(scorers=("factory:Toy",), options={"factory:Toy": {"colour": 1}})
    with pytest.raises(BadInput, match="colour"):
        settings.build_scorers()


def test_the_same_scorer_twice_is_one() -> None:
    assert list(Settings(scorers=("size", "size")).build_scorers()) == ["size"]


def test_two_different_scorers_of_one_name_are_refused(tmp_path: Path) -> None:
    """One of them would be lost without a word."""
    path = tmp_path / "twice.preset.toml"
    one, two = (f'[[scorer]]\nname = "factory:Toy"\noptions.option = {n}\n' for n in (1, 2))
    path.write_text(one + two)
    with pytest.raises(BadInput, match="toy"):
        Settings(preset=str(path)).build_scorers()


def test_an_unknown_preset_and_scorer_are_told() -> None:
    with pytest.raises(UnknownName, match="'standart'"):
        Settings(preset="standart").build_scorers()
    with pytest.raises(UnknownName, match="'sise'"):
        Settings(scorers=("sise",)).build_scorers()
    with pytest.raises(UnknownName, match="'standart'"):
        Settings(preset="standart").rule()


def test_settings_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        Settings().preset = "other"  # type: ignore[misc]


def test_one_string_is_not_taken_for_its_letters() -> None:
    """`include="*.png"` would let every file in: `*` is one of its letters."""
    one = Settings(scorers="size", texts="SALE", include="*.png", exclude="x*")  # type: ignore[arg-type]
    assert (one.scorers, one.texts) == (("size",), ("SALE",))
    assert (one.include, one.exclude) == (("*.png",), ("x*",))
    assert list(one.build_scorers()) == ["size"] and Settings().texts is None


@pytest.mark.parametrize("texts", ["", ("SALE", " \n")])
def test_a_text_of_nothing_is_refused(texts: str | tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="is empty"):
        Settings(texts=texts)  # type: ignore[arg-type]
    assert Settings(texts=("SALE",)).texts == ("SALE",)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"workers": -1}, "workers is -1"),
        ({"workers": "many"}, "workers is 'many'"),
        ({"limit": 0}, "limit is 0"),
        ({"limit": -3}, "limit is -3"),
        ({"prompts": ["a fox"]}, "prompts is of the kind list"),
        ({"reference": 7}, "reference is of the kind int"),
        ({"model_from": "name"}, "model_from is 'name'"),
    ],
)
def test_what_would_hang_or_fail_far_away_is_refused_at_once(
    given: dict[str, object], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        Settings(**given)  # type: ignore[arg-type]


def test_the_least_that_may_be_given() -> None:
    one = Settings(workers=0, limit=1, model_from="folder", reference="photos")  # type: ignore[arg-type]
    assert one.reference == Path("photos")


def test_what_is_about_files_is_refused_where_there_are_none() -> None:
    Settings(scorers=("size",), texts=("SALE",), workers=2).for_memory()
    with pytest.raises(BadInput, match="prompts, limit: about files"):
        Settings(prompts=Path("prompts.csv"), limit=3).for_memory()
