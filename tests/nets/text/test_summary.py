import json
from dataclasses import replace

import numpy as np
import pytest

from iqmetrics.nets.text.judging import Judged
from iqmetrics.nets.text.lines import Line, orders
from iqmetrics.nets.text.matching import assign
from iqmetrics.nets.text.summary import LISTED, evidence, numbers, said
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


def test_error_rate_is_at_most_one_and_extra_letters_are_counted() -> None:
    found = numbers(judged(["OK"], ["furniture"]), [0.0])
    assert found["text.cer"] == 1 and found["text.ned"] == 0
    assert found["text.unexpected_chars"] == 9


def test_targets_weigh_by_their_letters_in_legibility_but_alike_in_ned() -> None:
    found = numbers(judged(["A", "MOUNTAIN VIEW"], ["MOUNTAIN VIEW"]), [0.0, 1.0])
    assert found["text.ned"] == 0.5 and found["text.exact"] == 0.5
    assert found["text.legibility"] == pytest.approx(12 / 13)


@pytest.mark.parametrize(
    ("target", "read", "accuracy"),
    [
        ("Café 咖啡", "CAFE 咖啡", 2 / 3),
        ("24小时营业", "24小时菅业", 4 / 5),
        ("it's OK", "ITS OK", 1.0),
        ("ＳＡＬＥ ５０", "SALE 50", 1.0),
        ("R00M", "ROOM", 1.0),
    ],
)
def test_words_of_two_scripts_each_count(target: str, read: str, accuracy: float) -> None:
    assert numbers(judged([target], [read]), [1.0])["text.word_accuracy"] == pytest.approx(accuracy)


def test_a_word_is_counted_as_often_as_it_is_there() -> None:
    assert numbers(judged(["BUY BUY BUY"], ["BUY BUY"]), [1.0])[
        "text.word_accuracy"
    ] == pytest.approx(2 / 3)


def test_unexpected_text_has_a_readable_share() -> None:
    one = judged(["OPEN"], ["OPEN", "exit", "abcdef"])
    dim = [replace(line, confidence=c) for line, c in zip(one.lines, (0.9, 0.9, 0.4), strict=True)]
    told = evidence(replace(one, lines=tuple(dim)), [1.0], [Target("OPEN")])
    assert told["unexpected_readable_share"] == pytest.approx(0.4)
    assert [u["chars"] for u in told["unexpected"]] == [4, 6]
    alone = evidence(judged(["OPEN"], ["OPEN"]), [1.0], [Target("OPEN")])
    assert alone["unexpected_readable_share"] is None and alone["unexpected"] == []


def test_a_page_of_text_lists_only_the_first_lines() -> None:
    page = judged(["OPEN"], [f"line {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(30)])
    many = replace(page, lines=page.lines * 2, matches=(None,))
    told = evidence(many, [0.0], [Target("OPEN")])
    assert len(told["unexpected"]) == LISTED
    assert numbers(many, [0.0])["text.unexpected_chars"] == 60 * 6


def test_strict_minds_case_width_and_signs_where_exact_does_not() -> None:
    told = evidence(judged(["ＳＡＬＥ!"], ["SALE!"]), [1.0], [Target("ＳＡＬＥ!")])
    (target,) = told["targets"]
    assert target["exact"] and not target["strict"] and target["read"] == "SALE"


def test_what_a_match_over_lines_says_keeps_its_spaces() -> None:
    one = judged(["GRAND OPENING TODAY"], ["GRAND OPENING", "TODAY!"])
    assert one.matches[0] is not None
    assert said(one, one.matches[0].pieces) == "GRAND OPENING TODAY"
