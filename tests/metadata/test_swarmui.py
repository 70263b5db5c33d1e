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


@pytest.mark.parametrize("loras", ["", " ", ",", [], None, 7, {}])
def test_no_loras_are_no_loras(loras: object) -> None:
    facts = swarm({"prompt": "fox", "loras": loras, "loraweights": loras})
    assert "loras" not in facts.params


def test_a_lora_without_its_weight_has_none() -> None:
    facts = swarm({"prompt": "fox", "loras": ["a", "b", "c"], "loraweights": ["0", "strong"]})
    assert facts.params["loras"] == [{"name": "a", "strength": 0}, {"name": "b"}, {"name": "c"}]


@pytest.mark.parametrize(
    "models", [None, 3, "x", [], [3], [{"param": "model"}], {"param": "model"}]
)
def test_models_of_another_shape_have_no_hash(models: object) -> None:
    facts = swarm({"prompt": "狐狸 🦊\n", "seed": "x"}, sui_models=models)
    assert "checkpoint_hash" not in facts.params
    assert (facts.prompt, facts.seed, facts.size, facts.model) == ("狐狸 🦊", None, None, "")
