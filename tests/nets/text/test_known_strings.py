"""Known strings drawn in known ways: the error rate is the edits that were made, and no others.

Wrong letters are chosen among whole shapes (no 0 for O), so that the distance is known: edits over
letters without white space.
"""

from pathlib import Path

import numpy as np
import pytest
from lettering import drawn, pictured
from PIL import Image, ImageDraw, ImageFont

from iqmetrics.scorers.text import Text

pytest.importorskip("rapidocr")
HAN = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")  # Debian: fonts-noto-cjk


@pytest.fixture(scope="module")
def scorer() -> Text:
    made = Text(runtime="onnxruntime")
    made.load("cpu")
    return made


def errors(scorer: Text, pixels: np.ndarray, asked: str) -> float:
    (reading,) = scorer.score([pictured(pixels, texts=(asked,))])
    assert reading.values["text.ned"] == pytest.approx(
        max(0, 1 - reading.values["text.cer"]), abs=0.1
    )
    assert (reading.values["text.exact"] == 1) is (reading.values["text.cer"] == 0)
    return reading.values["text.cer"]


@pytest.mark.parametrize(
    ("shown", "asked", "edits"),
    [
        ("FRESH BREAD", "FRESH BREAD", 0),
        ("FRESH BREAT", "FRESH BREAD", 1),
        ("FRESH BRED", "FRESH BREAD", 1),
        ("FRESH BREWAD", "FRESH BREAD", 1),
        ("FRUSH BREAT", "FRESH BREAD", 2),
        ("room 274", "room 294", 1),
    ],
)
def test_every_wrong_lost_or_added_letter_is_one_edit(
    scorer: Text, shown: str, asked: str, edits: int
) -> None:
    found = errors(scorer, drawn({(20, 50): shown}), asked)
    assert found == pytest.approx(edits / len(asked.replace(" ", "")))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_sign_says_the_same(scorer: Text, quarters: int) -> None:
    sign = np.ascontiguousarray(np.rot90(drawn({(40, 50): "GARDEN HOME"}), quarters))
    assert errors(scorer, sign, "GARDEN HOME") == 0
    assert errors(scorer, sign, "GARDEN HOSE") == pytest.approx(1 / 10)


@pytest.mark.parametrize("ink", [(180, 184, 172), (250, 250, 250)])
def test_pale_lettering_is_read_where_an_eye_can(scorer: Text, ink: tuple[int, int, int]) -> None:
    pale = drawn({(40, 50): "OPEN LATE"}, ink=ink)
    assert errors(scorer, pale, "OPEN LATE") == 0


def test_lettering_in_the_colour_of_the_sheet_is_not_there(scorer: Text) -> None:
    assert errors(scorer, drawn({(40, 50): "OPEN LATE"}, ink=(222, 226, 214)), "OPEN LATE") == 1


def in_han(text: str) -> np.ndarray:
    sheet = Image.new("RGB", (360, 160), (222, 226, 214))
    ImageDraw.Draw(sheet).text((30, 45), text, (20, 20, 60), ImageFont.truetype(str(HAN), 48))
    return np.asarray(sheet).copy()


@pytest.mark.skipif(not HAN.exists(), reason="needs Debian's fonts-noto-cjk")
@pytest.mark.parametrize(
    ("shown", "edits"), [("新鲜面包", 0), ("新鲜而包", 1), ("新面包", 1), ("旧鲜面条", 2)]
)
def test_a_wrong_sign_of_chinese_is_one_edit_of_four(scorer: Text, shown: str, edits: int) -> None:
    assert errors(scorer, in_han(shown), "新鲜面包") == pytest.approx(edits / 4)
