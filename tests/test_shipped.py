"""Files that come with the package and files of a user are found by one rule."""

import os
from pathlib import Path

import pytest

from iqmetrics import shipped
from iqmetrics.errors import BadInput, UnknownName

GATE = ".gate.toml"


def test_only_files_of_the_kind_are_named_and_each_has_its_text() -> None:
    presets = shipped.names(".preset.toml")
    assert presets == sorted(presets)
    assert {"standard", "commercial"} <= set(presets)
    assert "hands" in set(shipped.names(".suite.toml")) - set(presets)
    for name in presets:
        assert shipped.find("preset", name, ".preset.toml") == (
            shipped.text(name, ".preset.toml"),
            name,
        )


def test_a_path_wins_over_a_shipped_name_only_by_its_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "standard").write_text("mine")
    (tmp_path / "夏 日.gate.toml").write_text("about = '夏'", "utf-8")
    assert shipped.find("preset", "standard", ".preset.toml")[0] != "mine"
    assert shipped.find("gate", "夏 日.gate.toml", GATE) == ("about = '夏'", "夏 日")


def test_what_is_not_there_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="standrd") as caught:
        shipped.find("preset", "standrd", ".preset.toml", "or a file")
    assert "Did you mean 'standard'" in caught.value.hint
    with pytest.raises(BadInput, match=r"gate file none\.toml does not exist"):
        shipped.find("gate", "none.toml", GATE)


def test_a_folder_and_a_closed_file_are_no_bug(tmp_path: Path) -> None:
    """Reading either used to end as a bug with a traceback."""
    folder = tmp_path / "x.toml"
    folder.mkdir()
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        shipped.find("gate", str(folder), GATE)
    closed = tmp_path / "closed.toml"
    closed.write_text("x = 1")
    closed.chmod(0)
    if os.access(closed, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(BadInput, match="cannot be read: Permission denied"):
        shipped.find("gate", str(closed), GATE)


def test_a_text_that_is_not_utf8_is_read_and_left_to_the_parser(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"about = '\xff'")
    assert shipped.find("gate", str(tmp_path / "x.toml"), GATE)[0] == "about = '\udcff'"


def test_the_first_key_that_means_nothing_is_refused() -> None:
    shipped.only("key in gate x", ["about", "rule"], {"about", "rule", "alpha"})
    with pytest.raises(UnknownName, match="no key in gate x named 'alfa'") as caught:
        shipped.only("key in gate x", ["rule", "alfa", "beta"], {"about", "rule", "alpha"})
    assert "'alpha'" in caught.value.hint
