import json

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.invokeai import read, split_negative


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a fox [blurry]", ("a fox", "blurry")),
        ("a fox, [blurry], in snow [text]", ("a fox, , in snow", "blurry, text")),
        ("a fox", ("a fox", "")),
        ("[blurry]", ("", "blurry")),
        ("a fox []", ("a fox", "")),
    ],
)
def test_negative_words_stand_in_brackets(text: str, parts: tuple[str, str]) -> None:
    assert split_negative(text) == parts


def test_models_of_versions_three_and_four() -> None:
    for key in ("model_name", "name"):
        text = json.dumps({"positive_prompt": "x", "model": {key: "base", "hash": "h"}})
        facts = read(Embedded("PNG", text={"invokeai_metadata": text}))
        assert facts is not None
        assert (facts.model, facts.params["checkpoint_hash"]) == ("base", "h")


def test_second_generation_with_a_plain_prompt() -> None:
    text = json.dumps({"image": {"prompt": "a fox [blurry]", "seed": 1}})
    facts = read(Embedded("PNG", text={"sd-metadata": text}))
    assert facts is not None
    assert (facts.prompt, facts.negative, facts.seed) == ("a fox", "blurry", 1)


def test_dream_command_with_quotes_and_a_negative_number() -> None:
    facts = read(Embedded("PNG", text={"Dream": '"a "red" fox" -s50 -S-7 -W512 -H768 -Ak_lms'}))
    assert facts is not None
    assert (facts.prompt, facts.seed, facts.size) == ('a "red" fox', -7, (512, 768))
    assert (facts.steps, facts.params["sampler"]) == (50, "k_lms")


@pytest.mark.parametrize(
    "text", [{}, {"Dream": "no quotes"}, {"sd-metadata": "[]"}, {"invokeai_metadata": "{}"}]
)
def test_other_files(text: dict) -> None:
    assert read(Embedded("PNG", text=text)) is None
