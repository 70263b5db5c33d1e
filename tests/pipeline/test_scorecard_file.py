"""scorecard.json comes back as it was, byte for byte."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factory import card

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import scorecard_file

CARD = card({"b": np.array([[0.1, 0.2], [0.3, 0.9]]), "a": np.array([[1.0, 0.0], [0.5, 0.25]])})


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(scorecard_file.dump(CARD))
    again = scorecard_file.load(path)
    assert again == CARD
    assert scorecard_file.dump(again) == path.read_text()


def test_rows_are_read_without_the_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(scorecard_file.dump(CARD))
    monkeypatch.setattr(scorecard_file, "load", lambda path: 1 / 0)
    assert scorecard_file.load_rows(path) == replace(CARD, cells=())


def test_rows_of_a_file_that_was_written_anew_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps(json.loads(scorecard_file.dump(CARD))))
    assert scorecard_file.load_rows(path).rows == CARD.rows


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', "", '\n "columns": [', "\x80"])
def test_rows_of_what_is_no_scorecard_are_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(text, "latin-1")
    for here in (path, tmp_path / "none.json"):
        with pytest.raises(BadInput, match=r"(scorecard|none)\.json"):
            scorecard_file.load_rows(here)


def test_it_is_plain_json_with_one_line_a_cell() -> None:
    text = scorecard_file.dump(CARD)
    data = json.loads(text)
    assert data["columns"] == ["model", "prompt_id", "seed", "pick", "image", "toy.good"]
    assert len(data["cells"]) == 8
    assert text.isascii()


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}', ""])
def test_what_is_no_scorecard_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"scorecard\.json"):
        scorecard_file.load(path)


def test_an_absent_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        scorecard_file.load(tmp_path / "scorecard.json")
    assert "iqm score" in error.value.hint


@pytest.mark.parametrize("key", ["rows", "columns", "cells", "scorers", "decode_policy"])
def test_a_scorecard_that_lacks_a_part_is_damaged(tmp_path: Path, key: str) -> None:
    path = tmp_path / "scorecard.json"
    data = json.loads(scorecard_file.dump(CARD))
    del data[key]
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput, match=f"damaged scorecard.*{key}"):
        scorecard_file.load(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rows", [{"model": "a"}]),
        ("cells", [["a", "p", 0, 1]]),
        ("cells", [7]),
        ("columns", None),
        ("tags", [1]),
    ],
)
def test_a_part_of_another_shape_is_damaged(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps({**json.loads(scorecard_file.dump(CARD)), key: value}))
    with pytest.raises(BadInput, match="damaged scorecard"):
        scorecard_file.load(path)


def test_the_order_of_models_does_not_change_the_bytes() -> None:
    values = {"a": np.full((2, 2), 0.5), "b": np.full((2, 2), 0.25)}
    there, back = card(values), card(dict(reversed(values.items())))
    assert (
        json.loads(scorecard_file.dump(there))["rows"]
        == json.loads(scorecard_file.dump(back))["rows"]
    )


def test_tags_of_prompts_are_kept_and_absent_when_there_are_none(tmp_path: Path) -> None:
    plain = card({"m": np.ones((2, 2))})
    assert '"tags"' not in scorecard_file.dump(plain)
    tagged = replace(plain, tags={"prompt-1": ("hands", "text")})
    (tmp_path / "s.json").write_text(scorecard_file.dump(tagged))
    assert scorecard_file.load(tmp_path / "s.json").tags == tagged.tags


def test_its_parts_are_the_text_and_none_holds_many_cells() -> None:
    parts = list(scorecard_file.parts(CARD))
    assert "".join(parts) == scorecard_file.dump(CARD)
    assert max(part.count('"image') + part.count("\n") for part in parts) < 20
