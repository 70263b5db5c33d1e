"""Whatever stands in a field of a tool's metadata, the facts are plain, storable and of their kind."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from iqmetrics.metadata import (
    a1111,
    drawthings,
    easydiffusion,
    fooocus,
    invokeai,
    novelai,
    swarmui,
)
from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.jsontext import USER_COMMENT
from iqmetrics.metadata.tables import row_of

VALUES: list[Any] = [
    None, 5, -1, 10**30, True, 2.5, float("nan"), float("inf"), "", "x", "1x2", "\udcff",
    [], [1], ["a", "b"], [[]], [["a"]], [None], {}, {"name": "n"}, {"name": 5}, [{}], [{"model": 5}],
]  # fmt: skip

INVOKE = {
    "positive_prompt": "fox", "negative_prompt": "blur", "model": {"name": "m"}, "seed": 1,
    "width": 64, "height": 64, "loras": [{"model": {"name": "l"}, "weight": 1}], "steps": 9,
    "cfg_scale": 7, "scheduler": "euler", "app_version": "4",
}  # fmt: skip
SECOND = {"model_weights": "m", "model_hash": "h", "app_version": "2", "image": {"prompt": "fox"}}
IMAGE = {
    "prompt": "fox",
    "seed": 1,
    "width": 8,
    "height": 8,
    "steps": 2,
    "cfg_scale": 1,
    "sampler": "s",
}
SWARM = {
    "prompt": "fox", "negativeprompt": "", "model": "m", "seed": 1, "width": 8, "height": 8,
    "loras": ["l"], "loraweights": ["1"], "steps": 2, "cfgscale": 7, "sampler": "s",
    "scheduler": "k", "swarm_version": "1",
}  # fmt: skip
FOOOCUS = {
    "prompt": "fox", "negative_prompt": "", "base_model": "m", "base_model_hash": "h",
    "refiner_model": "None", "resolution": "(8, 8)", "seed": "1", "steps": 2, "guidance_scale": 4,
    "sampler": "s", "scheduler": "k", "version": "v", "loras": [["l", 1]], "lora_combined_1": "l : 1",
}  # fmt: skip
EASY = {
    "prompt": "fox", "negative_prompt": "", "use_stable_diffusion_model": "m", "seed": 1,
    "width": 8, "height": 8, "use_lora_model": "l", "lora_alpha": 1, "num_inference_steps": 2,
    "guidance_scale": 7, "sampler_name": "s",
}  # fmt: skip
ROW = {
    "file_name": "a.png", "prompt": "fox", "negative": "", "model": "m", "seed": 1, "width": 8,
    "height": 8, "prompt_id": "p", "texts": ["A"], "tags": ["t"], "steps": 2, "status": "ok",
    "size": "8x8", "params": {"a": 1}, "reason": "",
}  # fmt: skip


def chunk(name: str) -> Callable[[dict[str, Any]], Embedded]:
    return lambda row: Embedded("PNG", text={name: json.dumps(row)})


def comment(row: dict[str, Any]) -> Embedded:
    return Embedded("JPEG", exif={USER_COMMENT: json.dumps(row)})


READERS: dict[str, tuple[Callable[[Any], Facts | None], dict[str, Any]]] = {
    "invokeai": (lambda row: invokeai.read(chunk("invokeai_metadata")(row)), INVOKE),
    "invokeai 2": (lambda row: invokeai.read(chunk("sd-metadata")(row)), SECOND),
    "invokeai 2 image": (
        lambda row: invokeai.read(chunk("sd-metadata")({**SECOND, "image": row})),
        IMAGE,
    ),
    "swarmui": (
        lambda row: swarmui.read(chunk("parameters")({"sui_image_params": row})),
        SWARM,
    ),
    "fooocus": (lambda row: fooocus.read(chunk("parameters")(row)), FOOOCUS),
    "fooocus in Comment": (lambda row: fooocus.read(chunk("Comment")(row)), FOOOCUS),
    "easydiffusion": (lambda row: easydiffusion.read(comment(row)), EASY),
    "table row": (lambda row: row_of(row, "t.csv").facts, ROW),
}
PLACES = [(reader, field) for reader, (_, row) in READERS.items() for field in row]


def check(facts: Facts) -> None:
    """The kinds that `Facts` declares, and JSON that any parser reads."""
    assert facts.prompt is None or isinstance(facts.prompt, str)
    assert facts.negative is None or isinstance(facts.negative, str)
    assert isinstance(facts.model, str)
    assert facts.seed is None or (isinstance(facts.seed, int) and not isinstance(facts.seed, bool))
    assert facts.size is None or all(isinstance(n, int) and n > 0 for n in facts.size)
    assert isinstance(facts.prompt_id, str)
    json.dumps(dict(facts.params), allow_nan=False)
    assert Facts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize("reader", READERS)
def test_a_complete_row_is_read(reader: str) -> None:
    read, row = READERS[reader]
    facts = read(row)
    assert facts is not None
    check(facts)
    assert facts.prompt == "fox"


@pytest.mark.parametrize(("reader", "field"), PLACES)
def test_any_value_in_any_field(reader: str, field: str) -> None:
    read, row = READERS[reader]
    for value in VALUES:
        facts = read({**row, field: value})
        if facts is not None:
            check(facts)


@pytest.mark.parametrize(("reader", "field"), PLACES)
def test_any_field_may_be_absent(reader: str, field: str) -> None:
    read, row = READERS[reader]
    facts = read({key: value for key, value in row.items() if key != field})
    if facts is not None:
        check(facts)


@pytest.mark.parametrize("key", ["Seed", "Size", "Steps", "CFG scale", "Hires upscale", "Model",
                                 "Hires resize", "Model hash", "Sampler"])  # fmt: skip
@pytest.mark.parametrize("value", ["", "x", "-1", "1e999", "nan", "0x0", "9" * 400, "1x", '"', "∞"])
def test_any_setting_of_an_infotext(key: str, value: str) -> None:
    check(a1111.parse(f"fox\nSteps: 20, Sampler: Euler, Seed: 1, Size: 64x96, {key}: {value}"))


@pytest.mark.parametrize("read", [novelai.read, drawthings.read, swarmui.read, fooocus.read,
                                  invokeai.read, easydiffusion.read, a1111.read])  # fmt: skip
@pytest.mark.parametrize("text", ["{}", "[]", "null", "1", '"x"', "{", '{"prompt": "fox"}'])
def test_json_that_is_not_theirs_is_left_to_others(
    read: Callable[[Embedded], Facts | None], text: str
) -> None:
    names = ("parameters", "Comment", "invokeai_metadata", "sd-metadata", "prompt")
    found = read(Embedded("PNG", text=dict.fromkeys(names, text), exif={USER_COMMENT: text}))
    assert found is None or not found.prompt
