import numpy as np
import pytest
from contract import check_scorer
from lettering import drawn, pictured

from iqmetrics import plugins, presets
from iqmetrics.errors import BadInput
from iqmetrics.scorers.text import Text

pytest.importorskip("rapidocr")
SIGN = drawn({(60, 50): "OPEN LATE"})
BLANK = drawn({})


@pytest.fixture(scope="module")
def scorer() -> Text:
    made = Text(runtime="onnxruntime")
    made.load("cpu")
    return made


def test_keeps_the_laws() -> None:
    pictures = [
        pictured(SIGN, 'a sign that reads "OPEN LATE"'),
        pictured(drawn({(10, 10): "SALE"}, width=256, height=96), texts=("SOLE",)),
        pictured(BLANK, "a pale sheet of paper"),
    ]
    check_scorer(Text(runtime="onnxruntime"), pictures, rel=1e-3, abs_=1e-4)


def test_what_was_asked_and_is_there_scores_high(scorer: Text) -> None:
    (reading,) = scorer.score([pictured(SIGN, 'a sign that reads "Open Late"')])
    assert reading.values["text.legibility"] > 0.9
    assert reading.values["text.exact"] == 1 and reading.values["text.cer"] == 0
    assert reading.values["text.unexpected_chars"] == 0
    (target,) = reading.evidence["targets"]
    assert target["asked"] == "Open Late" and target["exact"] and not target["strict"]
    ((x0, y0, x1, y1),) = target["boxes"]
    assert x0 < 75 and x1 > 240 and y0 < 65 and y1 > 85


def test_one_wrong_letter_costs_exactness_and_readability(scorer: Text) -> None:
    right, wrong = scorer.score(
        [pictured(SIGN, texts=("OPEN LATE",)), pictured(SIGN, texts=("OPEN GATE",))]
    )
    assert wrong.values["text.exact"] == 0
    assert wrong.values["text.cer"] == pytest.approx(1 / 8)
    assert wrong.values["text.ned"] == pytest.approx(7 / 8)
    assert wrong.values["text.word_accuracy"] == 0.5
    assert wrong.values["text.legibility"] < right.values["text.legibility"] - 0.2


def test_no_text_found_is_a_zero_not_a_gap(scorer: Text) -> None:
    (reading,) = scorer.score([pictured(BLANK, texts=("OPEN",))])
    assert reading.missing == {}
    assert reading.values["text.legibility"] == 0 and reading.values["text.cer"] == 1
    assert reading.evidence["targets"][0]["boxes"] == []


@pytest.mark.parametrize(
    ("prompt", "texts", "why"),
    [
        ("a cat on a sofa", None, "asks for no text"),
        (None, None, "not known"),
        ('a sign "OPEN"', (), "stated"),
    ],
)
def test_no_text_asked_for_is_not_applicable(
    scorer: Text, prompt: str | None, texts: tuple[str, ...] | None, why: str
) -> None:
    (reading,) = scorer.score([pictured(SIGN, prompt, texts)])
    assert reading.values == {}
    assert {m.status for m in reading.missing.values()} == {"not_applicable"}
    assert all(why in m.reason for m in reading.missing.values())


def test_a_broken_engine_raises_and_is_no_zero() -> None:
    broken = Text(runtime="onnxruntime")
    broken.load("cpu")

    def fails(batch: object) -> np.ndarray:
        raise RuntimeError("engine failed")

    object.__setattr__(broken._reader, "detector", fails)
    with pytest.raises(RuntimeError, match="engine failed"):
        broken.score([pictured(SIGN, texts=("OPEN",))])


def test_unexpected_text_is_listed_but_free(scorer: Text) -> None:
    both = drawn({(10, 20): "OPEN", (10, 100): "EXIT 7"})
    (reading,) = scorer.score([pictured(both, texts=("OPEN",))])
    assert reading.values["text.legibility"] > 0.9
    assert reading.values["text.unexpected_chars"] == 5
    assert [u["text"].replace(" ", "") for u in reading.evidence["unexpected"]] == ["EXIT7"]
    assert reading.evidence["unexpected_readable_share"] == 1


def test_an_explicit_list_wins_over_the_prompt(scorer: Text) -> None:
    (reading,) = scorer.score([pictured(SIGN, 'a sign "MOUNTAIN"', ("OPEN LATE",))])
    assert reading.values["text.exact"] == 1


def test_options_are_checked() -> None:
    with pytest.raises(BadInput, match="runtime"):
        Text(runtime="paddle")
    with pytest.raises(BadInput, match="min_confidence"):
        Text(min_confidence=2)


def test_is_registered_and_in_the_default_preset() -> None:
    assert plugins.resolve("scorer", "text") is Text
    assert "text" in [s.name for s in presets.load("standard").scorers]
    assert Text.uses == ("prompt", "texts")
