import json

import numpy as np
import pytest

from iqmetrics.nets.text.judging import Judged
from iqmetrics.nets.text.lines import Line, orders
from iqmetrics.nets.text.matching import assign
from iqmetrics.nets.text.summary import evidence, numbers
from iqmetrics.nets.text.targets import Target


def judged(targets: list[str], texts: list[str]) -> Judged:
    lines = [
        Line(
            np.array([[0, y], [90, y], [90, y + 20], [0, y + 20]], np.float32),
            text,
            0.9,
            np.zeros((20, 90, 3), np.uint8),
        )
        for y, text in zip(range(0, 900, 30), texts, strict=False)
    ]
    return Judged(tuple(targets), tuple(lines), tuple(assign(targets, texts, orders(lines))))


def test_numbers_of_a_half_right_picture() -> None:
    found = numbers(judged(["OPEN LATE", "MOUNTAIN"], ["OPEN GATE", "exit"]), [1.0, 0.0])
    assert found["text.ned"] == pytest.approx((7 / 8 + 0) / 2)
    assert found["text.cer"] == pytest.approx((1 + 8) / 16)
    assert found["text.word_accuracy"] == pytest.approx(1 / 3)
    assert found["text.exact"] == 0
    assert found["text.unexpected_chars"] == 4
    assert found["text.legibility"] == pytest.approx(8 * 7 / 8 / 16)


def test_readability_is_worth_half() -> None:
    whole = judged(["OPEN"], ["OPEN"])
    assert numbers(whole, [1.0])["text.legibility"] == 1
    assert numbers(whole, [0.0])["text.legibility"] == 0.5


def test_evidence_is_json_and_names_every_target() -> None:
    told = evidence(
        judged(["OPEN", "SHUT"], ["OPEN", "exit"]), [1, 0], [Target("OPEN"), Target("SHUT")]
    )
    assert json.loads(json.dumps(told)) == told
    first, second = told["targets"]
    assert first["read"] == "OPEN" and first["boxes"] == [[0, 0, 90, 20]] and first["strict"]
    assert second["similarity"] == 0 and second["boxes"] == []
    assert [u["text"] for u in told["unexpected"]] == ["exit"]
    assert set(told["benchmarks"]) == {"longtext_recall", "oneig", "cvtg", "anytext"}
