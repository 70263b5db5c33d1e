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
