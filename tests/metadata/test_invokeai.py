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


@pytest.mark.parametrize("loras", [None, {}, "a", [None, 3], []])
def test_loras_of_another_shape_are_none(loras: object) -> None:
    text = json.dumps({"positive_prompt": "x", "loras": loras})
    facts = read(Embedded("PNG", text={"invokeai_metadata": text}))
    assert facts is not None and "loras" not in facts.params


def test_loras_of_versions_three_and_four() -> None:
    loras = [
        {"lora": {"model_name": "old"}, "weight": 0.75},
        {"model": {"name": "new", "hash": "h"}, "weight": 0},
    ]
    text = json.dumps({"positive_prompt": "x", "loras": loras})
    facts = read(Embedded("PNG", text={"invokeai_metadata": text}))
    assert facts is not None
    assert facts.params["loras"] == [
        {"name": "old", "strength": 0.75},
        {"name": "new", "strength": 0},
    ]


def test_the_newest_of_several_generations_speaks() -> None:
    text = {
        "invokeai_metadata": json.dumps({"positive_prompt": "new"}),
        "sd-metadata": json.dumps({"image": {"prompt": "old"}}),
        "Dream": '"oldest" -s1',
    }
    said = []
    while facts := read(Embedded("PNG", text=text)):
        said.append(facts.prompt)
        del text[next(iter(text))]
    assert said == ["new", "old", "oldest"]


def test_weighted_parts_of_a_prompt_are_one_prompt() -> None:
    parts = [{"prompt": "a fox", "weight": 1}, {"prompt": "雪 [dog]"}, {"weight": 2}, "x", None]
    text = json.dumps({"image": {"prompt": parts, "width": "64", "height": 96}})
    facts = read(Embedded("PNG", text={"sd-metadata": text}))
    assert facts is not None
    assert (facts.prompt, facts.negative, facts.size) == ("a fox 雪", "dog", (64, 96))


@pytest.mark.parametrize("image", [None, [], "x", {"prompt": None}, {"prompt": 3}])
def test_a_second_generation_without_a_prompt_tells_none(image: object) -> None:
    text = json.dumps({"model_weights": "m", "image": image})
    facts = read(Embedded("PNG", text={"sd-metadata": text}))
    assert facts is not None
    assert (facts.prompt, facts.negative, facts.model) == (None, None, "m")
