"""InvokeAI: `invokeai_metadata` (3.x and later), `sd-metadata` (2.x), `Dream` (1.x).

The older two write the negative prompt into the prompt, in square brackets. Source: InvokeAI's
documentation of its metadata fields; field names as in real files.
"""

import re
from collections.abc import Mapping
from typing import Any

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import json_object, text_of

DREAM = re.compile(r'\s*"(.*)"(.*)', re.DOTALL)
FLAG = re.compile(r"\s-(\w)\s*([^\s-]\S*|-\d\S*)")
BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def read(embedded: Embedded) -> Facts | None:
    """Facts of the newest generation that the file carries."""
    if new := json_object(embedded.text.get("invokeai_metadata", "")):
        return _current(new)
    if old := json_object(embedded.text.get("sd-metadata", "")):
        return _second(old)
    if dream := DREAM.fullmatch(embedded.text.get("Dream", "")):
        return _first(dream[1], dict(FLAG.findall(dream[2])))
    return None


def _name(model: object) -> str:
    if isinstance(model, Mapping):
        return str(model.get("name") or model.get("model_name") or "")
    return model if isinstance(model, str) else ""


def _current(row: Mapping[str, Any]) -> Facts:
    model = row.get("model")
    found = row.get("loras")
    loras = [
        known(name=_name(one.get("model") or one.get("lora")), strength=number(one.get("weight")))
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, Mapping)
    ]
    return Facts(
        source="invokeai",
        prompt=text_of(row.get("positive_prompt")),
        negative=text_of(row.get("negative_prompt")),
        model=_name(model),
        seed=whole(row.get("seed")),
        size=size_of(row.get("width"), row.get("height")),
        params=known(
            checkpoint=_name(model),
            checkpoint_hash=model.get("hash") if isinstance(model, Mapping) else None,
            loras=loras,
            steps=whole(row.get("steps")),
            cfg=number(row.get("cfg_scale")),
            sampler=row.get("scheduler"),
            version=row.get("app_version"),
        ),
    )


def split_negative(prompt: str) -> tuple[str, str]:
    """(prompt, negative) of a prompt with its negative words in square brackets."""
    negative = ", ".join(part.strip(" ,") for part in BRACKETS.findall(prompt) if part.strip(" ,"))
    return " ".join(BRACKETS.sub(" ", prompt).split()).strip(" ,"), negative


def _second(row: Mapping[str, Any]) -> Facts:
    image = row.get("image")
    image = image if isinstance(image, Mapping) else {}
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        parts = [part.get("prompt") for part in prompt if isinstance(part, Mapping)]
        prompt = " ".join(part for part in parts if isinstance(part, str))
    positive, negative = split_negative(prompt) if isinstance(prompt, str) else (None, None)
    return Facts(
        source="invokeai",
        prompt=positive,
        negative=negative,
        model=str(row.get("model_weights") or ""),
        seed=whole(image.get("seed")),
        size=size_of(image.get("width"), image.get("height")),
        params=known(
            checkpoint=row.get("model_weights"),
            checkpoint_hash=row.get("model_hash"),
            steps=whole(image.get("steps")),
            cfg=number(image.get("cfg_scale")),
            sampler=image.get("sampler"),
            version=row.get("app_version"),
        ),
    )


def _first(prompt: str, flags: Mapping[str, str]) -> Facts:
    positive, negative = split_negative(prompt)
    return Facts(
        source="invokeai",
        prompt=positive,
        negative=negative,
        seed=whole(flags.get("S")),
        size=size_of(flags.get("W"), flags.get("H")),
        params=known(
            steps=whole(flags.get("s")), cfg=number(flags.get("C")), sampler=flags.get("A")
        ),
    )
