"""What a user may call a suite."""

from pathlib import Path

import pytest

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.suites.load import load


def test_by_name_and_by_file(tmp_path: Path) -> None:
    assert load("hands").name == "hands"
    path = tmp_path / "mine.suite.toml"
    path.write_text('[[prompt]]\nid = "a"\ntext = "x"\n')
    assert load(str(path)).name == "mine"
    (tmp_path / "rows.jsonl").write_text('{"id": "a", "text": "x"}\n')
    assert load(str(tmp_path / "rows.jsonl")).prompts[0].text == "x"


def test_a_folder_of_images_called_like_a_suite_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`iqm demo --out demo`, then `iqm generate demo`; or a folder of pictures of hands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hands").mkdir()
    assert len(load("hands").prompts) == 18
    (tmp_path / "hands" / "color_val.txt").write_text("a red bench\n")
    assert [p.text for p in load("./hands").prompts] == ["a red bench"]


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("hnads", UnknownName, "no suite named 'hnads'"),
        ("no/such.toml", BadInput, "does not exist"),
        ("genevil:x", UnknownName, "no suite format named 'genevil'"),
        ("geneval:no-such-file", BadInput, "does not exist"),
    ],
)
def test_a_wrong_name_is_one_sentence(name: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        load(name)


def test_a_file_that_is_no_suite_asks_for_its_format(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput) as error:
        load(str(tmp_path / "list.csv"))
    assert "FORMAT:" in error.value.hint


def test_text_that_is_not_utf8_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"id": "a", "text": "\xff"}')
    with pytest.raises(BadInput, match="not UTF-8"):
        load(str(tmp_path / "x.jsonl"))
