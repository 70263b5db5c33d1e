import json

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.easydiffusion import read
from iqmetrics.metadata.jsontext import USER_COMMENT


@pytest.mark.parametrize("path", ["base.ckpt", "C:\\models\\base.ckpt", "/home/x/models/base.ckpt"])
def test_model_path_of_any_system(path: str) -> None:
    facts = read(Embedded("PNG", text={"prompt": "fox", "use_stable_diffusion_model": path}))
    assert facts is not None
    assert facts.model == facts.params["checkpoint"] == "base.ckpt"


def test_lora() -> None:
    text = {
        "Prompt": "fox",
        "Stable Diffusion model": "b",
        "LoRA model": "s",
        "LoRA strength": "0.5",
    }
    facts = read(Embedded("PNG", text=text))
    assert facts is not None
    assert facts.params["loras"] == [{"name": "s", "strength": 0.5}]


def test_a_prompt_alone_is_not_easy_diffusion() -> None:
    assert read(Embedded("PNG", text={"prompt": "fox", "seed": "1"})) is None


@pytest.mark.parametrize(
    ("lora", "strength", "found"),
    [
        ("", "0.5", None),
        ("None", "0.5", None),
        ("s", "strong", [{"name": "s"}]),
        ("雪", "0", [{"name": "雪", "strength": 0}]),
        ("s", "nan", [{"name": "s"}]),
    ],
)
def test_loras_that_are_none_and_strengths_that_are_no_number(
    lora: str, strength: str, found: object
) -> None:
    text = {"prompt": "", "use_stable_diffusion_model": "b", "use_lora_model": lora}
    facts = read(Embedded("PNG", text={**text, "lora_alpha": strength}))
    assert facts is not None and facts.prompt == ""
    assert facts.params.get("loras") == found


def test_settings_in_the_comment_are_those_of_the_chunks() -> None:
    row = {
        "prompt": " a fox ",
        "Negative Prompt": "text",
        "Stable Diffusion model": "models/b.ckpt",
        "Seed": "7",
        "Width": "64",
        "Height": "96",
        "Steps": "25",
        "Sampler": "euler_a",
        "Guidance Scale": "7.5",
    }
    chunks = read(Embedded("PNG", text=row))
    comment = read(Embedded("JPEG", exif={USER_COMMENT: json.dumps(row)}))
    assert chunks == comment is not None
    assert (chunks.prompt, chunks.negative, chunks.model) == ("a fox", "text", "b.ckpt")
    assert (chunks.seed, chunks.size, chunks.steps) == (7, (64, 96), 25)
    assert (chunks.params["cfg"], chunks.params["sampler"]) == (7.5, "euler_a")


def test_a_model_that_is_null_has_no_name() -> None:
    text = json.dumps({"prompt": "fox", "use_stable_diffusion_model": None})
    facts = read(Embedded("JPEG", exif={USER_COMMENT: text}))
    assert facts is not None and facts.model == ""
    assert "checkpoint" not in facts.params
