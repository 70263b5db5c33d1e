import json

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.fooocus import read


def fooocus(**row):
    return read(Embedded("PNG", text={"parameters": json.dumps(row)}))


def test_combined_loras_and_refiner() -> None:
    facts = fooocus(
        prompt="fox", base_model="b", refiner_model="r", lora_combined_1="s.safetensors : 0.25"
    )
    assert facts.params["loras"] == [{"name": "s.safetensors", "strength": 0.25}]
    assert facts.params["refiner"] == "r"


def test_no_refiner_is_not_told() -> None:
    assert "refiner" not in fooocus(prompt="fox", base_model="b", refiner_model="None").params


@pytest.mark.parametrize("resolution", ["(64, 96)", "64 × 96", [64, 96], "64x96"])
def test_resolution(resolution: object) -> None:
    assert fooocus(prompt="fox", base_model="b", resolution=resolution).size == (64, 96)


@pytest.mark.parametrize("row", [{"prompt": "fox"}, {"base_model": "b"}, {"sui_image_params": {}}])
def test_other_json(row: dict) -> None:
    assert fooocus(**row) is None


def test_a_model_that_is_null_is_not_called_none() -> None:
    facts = fooocus(prompt="fox", base_model=None)
    assert facts.model == ""
    assert "checkpoint" not in facts.params


@pytest.mark.parametrize(
    ("loras", "found"),
    [
        ([["a", 0.5], ["b"]], [{"name": "a", "strength": 0.5}, {"name": "b"}]),
        ([["a", "0"], [], "c", None], [{"name": "a", "strength": 0}]),
        ("a", None),
        ({}, None),
    ],
)
def test_lists_of_loras(loras: object, found: object) -> None:
    assert fooocus(prompt="fox", base_model="b", loras=loras).params.get("loras") == found


@pytest.mark.parametrize(
    ("text", "pair"),
    [("c:d.safetensors : -0.5", ("c:d.safetensors", -0.5)), ("雪:1", ("雪", 1)), ("a : b", None)],
)
def test_combined_loras_split_at_the_last_colon(text: str, pair: tuple | None) -> None:
    found = fooocus(prompt="fox", base_model="b", lora_combined_1=text).params.get("loras")
    assert found == ([{"name": pair[0], "strength": pair[1]}] if pair else None)


def test_page_names_and_api_names_say_the_same() -> None:
    page = {"Prompt": "fox", "Base Model": "b", "Guidance Scale": 4, "Seed": "7", "Steps": 30}
    api = {"prompt": "fox", "base_model": "b", "guidance_scale": 4, "seed": 7, "steps": "30"}
    assert fooocus(**page) == fooocus(**api)
    assert fooocus(**page).seed == 7


@pytest.mark.parametrize("resolution", ["", "64", "(64, 96, 3)", "0x96", None])
def test_a_resolution_that_is_none_falls_back_on_width_and_height(resolution: object) -> None:
    row = {"prompt": "fox", "base_model": "b", "resolution": resolution}
    found = fooocus(**row, width=64, height=96).size
    assert found == (None if resolution == "0x96" else (64, 96))
