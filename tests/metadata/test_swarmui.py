import json

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.swarmui import read


def swarm(params: object, **more: object):
    text = json.dumps({"sui_image_params": params, **more})
    return read(Embedded("PNG", text={"parameters": text}))


def test_older_sampler_names_and_comma_lists() -> None:
    facts = swarm(
        {"prompt": "fox", "comfyuisampler": "euler", "loras": "a,b", "loraweights": "1,0.5"}
    )
    assert facts.params["sampler"] == "euler"
    assert facts.params["loras"] == [{"name": "a", "strength": 1}, {"name": "b", "strength": 0.5}]


def test_the_hash_is_that_of_the_model_not_of_a_lora() -> None:
    models = [{"param": "loras", "hash": "1"}, {"param": "model", "hash": "2"}]
    assert swarm({"prompt": "fox"}, sui_models=models).params["checkpoint_hash"] == "2"


@pytest.mark.parametrize("params", [None, "x", []])
def test_other_json(params: object) -> None:
    assert swarm(params) is None
