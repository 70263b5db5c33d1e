"""Laws across the readers of embedded metadata: tools that say the same are understood the same."""

import json
from typing import Any

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.embedded import read_text
from iqmetrics.metadata.facts import Facts

ODD: tuple[Any, ...] = (
    None, "", " ", "None", "夏\u202e\x00", "x" * 5000, True, 0, -1, 2**70, 1.5, 1e400,
    float("nan"), [], [None], [[]], {}, {"a": {}}, [{"name": 3}], "</script>", "=1+1", "9" * 50,
)  # fmt: skip
"""What tools, and people with a text editor, have put into a field that should hold something else."""

SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "swarmui": ("parameters", {"sui_image_params": {
        "prompt": "fox", "negativeprompt": "blur", "model": "b", "seed": 7, "width": 64, "height": 96,
        "steps": 20, "cfgscale": 7.5, "loras": ["s"], "loraweights": ["0.5"], "sampler": "euler",
    }}),
    "fooocus": ("parameters", {
        "prompt": "fox", "negative_prompt": "blur", "base_model": "b", "seed": "7", "steps": 20,
        "resolution": "(64, 96)", "guidance_scale": 7.5, "loras": [["s", 0.5, "h"]], "sampler": "euler",
    }),
    "invokeai": ("invokeai_metadata", {
        "positive_prompt": "fox", "negative_prompt": "blur", "model": {"name": "b", "hash": "h"},
        "seed": 7, "width": 64, "height": 96, "steps": 20, "cfg_scale": 7.5, "scheduler": "euler",
        "loras": [{"model": {"name": "s"}, "weight": 0.5}],
    }),
    "easydiffusion": ("", {
        "prompt": "fox", "negative_prompt": "blur", "use_stable_diffusion_model": "b", "seed": "7",
        "width": "64", "height": "96", "num_inference_steps": "20", "guidance_scale": "7.5",
        "sampler_name": "euler", "use_lora_model": "s", "lora_alpha": "0.5",
    }),
}  # fmt: skip
"""Reader -> the chunk it reads ("" is one chunk a field), and a whole, right answer of its tool."""


def read(name: str, row: dict[str, Any]) -> Facts | None:
    chunk = SOURCES[name][0]
    text = {chunk: json.dumps(row)} if chunk else row
    return read_text(Embedded("PNG", text=text))


def fields(row: dict[str, Any]) -> dict[str, Any]:
    return row.get("sui_image_params", row)


@pytest.mark.parametrize("name", SOURCES)
def test_one_picture_told_by_four_tools_gives_the_same_facts(name: str) -> None:
    facts = read(name, SOURCES[name][1])
    assert facts is not None
    assert (facts.source, facts.confidence, facts.problem) == (name, "high", "")
    assert (facts.prompt, facts.negative, facts.model) == ("fox", "blur", "b")
    assert (facts.seed, facts.size, facts.steps) == (7, (64, 96), 20)
    assert facts.params["cfg"] == 7.5
    assert facts.params["sampler"] == "euler"
    assert facts.params["loras"] == [{"name": "s", "strength": 0.5}]
    assert facts.params["checkpoint"] == "b"


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_tool_leaves_out_is_unknown_and_not_zero(name: str) -> None:
    row = json.loads(json.dumps(SOURCES[name][1]))
    kept = {"prompt", "positive_prompt", "base_model", "use_stable_diffusion_model"}
    for field in set(fields(row)) - kept:
        del fields(row)[field]
    facts = read(name, row)
    assert facts is not None
    assert facts.prompt == "fox"
    assert (facts.negative, facts.seed, facts.size, facts.steps) == (None, None, None, None)
    assert set(facts.params) <= {"checkpoint"}


CASES = [(name, field) for name, (_, row) in SOURCES.items() for field in fields(row)]


@pytest.mark.parametrize(("name", "field"), CASES)
def test_an_odd_value_costs_its_own_field_only(name: str, field: str) -> None:
    """The prompt of a picture must not be lost because its number of steps is a list."""
    prompts = {"prompt", "positive_prompt"}
    for odd in ODD:
        row = json.loads(json.dumps(SOURCES[name][1]))
        fields(row)[field] = odd if SOURCES[name][0] else str(odd)
        facts = read(name, row)
        if facts is None:
            assert field in {"model", "base_model", "use_stable_diffusion_model", *prompts}, odd
            continue
        assert not facts.problem, (odd, facts.problem)
        if field not in prompts:
            assert facts.prompt == "fox", odd
        if field not in ("seed", *prompts):
            assert facts.seed == 7, odd
