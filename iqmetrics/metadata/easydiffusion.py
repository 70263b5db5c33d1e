"""Easy Diffusion: one text chunk a setting, or one JSON object in the EXIF UserComment.

The settings are called as in its API (`use_stable_diffusion_model`) or as on its page (`Stable
Diffusion model`), depending on the version.
"""

import re
from collections.abc import Mapping
from typing import Any

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import object_in, text_of

ALIASES = {
    "stable_diffusion_model": "use_stable_diffusion_model",
    "steps": "num_inference_steps",
    "sampler": "sampler_name",
    "lora_model": "use_lora_model",
    "lora_strength": "lora_alpha",
}


def read(embedded: Embedded) -> Facts | None:
    """Facts of an Easy Diffusion picture; None when it has no such settings."""
    for raw in (embedded.text, object_in(embedded)):
        row = _settings(raw)
        if "use_stable_diffusion_model" in row and "prompt" in row:
            return _facts(row)
    return None


def _settings(raw: Mapping[str, Any]) -> dict[str, Any]:
    keys = {key: key.strip().lower().replace(" ", "_") for key in raw}
    return {ALIASES.get(key, key): raw[name] for name, key in keys.items()}


def _facts(row: Mapping[str, Any]) -> Facts:
    checkpoint = re.split(r"[\\/]", str(row["use_stable_diffusion_model"] or ""))[-1]
    lora = text_of(row.get("use_lora_model"))
    loras = (
        [known(name=lora, strength=number(row.get("lora_alpha")))]
        if lora and lora != "None"
        else []
    )
    return Facts(
        source="easydiffusion",
        prompt=text_of(row["prompt"]),
        negative=text_of(row.get("negative_prompt")),
        model=checkpoint,
        seed=whole(row.get("seed")),
        size=size_of(row.get("width"), row.get("height")),
        params=known(
            checkpoint=checkpoint,
            loras=loras,
            steps=whole(row.get("num_inference_steps")),
            cfg=number(row.get("guidance_scale")),
            sampler=row.get("sampler_name"),
        ),
    )
