"""scorecard.json comes back as it was, byte for byte."""

import json
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
