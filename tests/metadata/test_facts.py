import json

import pytest

from iqmetrics.metadata.facts import Facts, known, number, plain, size_of, whole

FULL = Facts(
    source="x", confidence="low", prompt="a fox \udcff 雪", negative="", model="m", seed=2**63,
    size=(64, 96), prompt_id="p", texts=(), tags=("a", "b"),
    params={"steps": 20, "loras": [{"name": "l"}]}, problem="none",
)  # fmt: skip


@pytest.mark.parametrize("facts", [Facts(), FULL, Facts(texts=("A",)), Facts(prompt="")])
def test_json_keeps_everything(facts: Facts) -> None:
    text = facts.to_json()
    assert Facts.from_json(text) == facts
    assert text.isascii()
    assert "\n" not in text


def test_equal_facts_are_equal_text() -> None:
    assert Facts(params={"a": 1, "b": 2}).to_json() == Facts(params={"b": 2, "a": 1}).to_json()
    assert json.loads(Facts().to_json()) == {}


def test_truth_is_whether_anything_is_known() -> None:
    assert not Facts(source="x", problem="broken")
    assert all(
        (Facts(prompt=""), Facts(seed=0), Facts(texts=()), Facts(params={"a": 1}), Facts(model="m"))
    )


@pytest.mark.parametrize(
    ("value", "answer"),
    [(3, 3), ("3", 3), (" 42.0 ", 42), (3.0, 3), (3.5, None), ("3.5", None), (True, None), (None, None),
     ("9" * 50, None), ("x", None), ([], None), (-1, -1), (float("inf"), None), (float("nan"), None)],
)  # fmt: skip
def test_whole_numbers(value: object, answer: int | None) -> None:
    assert whole(value) == answer


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (7.5, 7.5),
        ("7.5", 7.5),
        ("7", 7),
        ("nan", None),
        ("inf", None),
        (float("nan"), None),
        ("x", None),
        ({}, None),
    ],
)
def test_numbers_are_finite(value: object, answer: float | None) -> None:
    assert number(value) == answer


def test_a_whole_number_stays_one_in_json() -> None:
    """`steps` 20, not 20.0; and a seed beyond a float's digits keeps its last one."""
    assert json.dumps([number("20"), number(20.0)]) == "[20, 20]"
    assert number(str(2**63 + 1)) == 2**63 + 1


def test_what_no_strict_parser_reads_is_left_out_at_any_depth() -> None:
    mad = float("nan"), float("inf")
    assert plain({"a": [1.5, *mad, {"b": mad[0]}], 3: True}) == {
        "a": [1.5, None, None, {"b": None}], "3": True
    }  # fmt: skip
    assert known(cfg=mad[0], steps=3) == {"steps": 3}


def test_size_needs_two_positive_whole_numbers() -> None:
    assert size_of("64", 96) == (64, 96)
    assert size_of(64, 0) is size_of(64, -1) is size_of(64, None) is size_of(None, None) is None
    assert size_of(0, 96) is size_of(-1, 2) is size_of(None, 1) is size_of(["1", 0], 2) is None


def test_known_keeps_zero_and_drops_nothing_else() -> None:
    assert known(a=0, b=None, c="", d=[], e=0.0, f="x") == {"a": 0, "e": 0.0, "f": "x"}
    assert Facts(params={"steps": 20}).steps == 20
    assert Facts().steps is None
