"""Fooocus: JSON in `parameters` (scheme "fooocus") or, in older versions, in `Comment`; EXIF else.

Its other scheme, "a1111", is read as an infotext. Source: Fooocus modules/meta_parser.py (fields).
"""

import re
from collections.abc import Mapping
from typing import Any

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import object_in, text_of

LORA = re.compile(r"(.+?)\s*:\s*(-?[\d.]+)")


def read(embedded: Embedded) -> Facts | None:
    """Facts of a Fooocus picture; None when the file has no such JSON."""
    found = object_in(embedded, "parameters", "Comment")
    row = {key.lower().replace(" ", "_"): value for key, value in found.items()}
    if "base_model" not in row or "prompt" not in row:
        return None
    sizes = re.findall(r"\d+", str(row.get("resolution", "")))
    size = size_of(*sizes) if len(sizes) == 2 else size_of(row.get("width"), row.get("height"))
    return Facts(
        source="fooocus",
        prompt=text_of(row["prompt"]),
        negative=text_of(row.get("negative_prompt")),
        model=str(row["base_model"] or ""),
        seed=whole(row.get("seed")),
        size=size,
        params=known(
            checkpoint=row["base_model"],
            checkpoint_hash=row.get("base_model_hash"),
            refiner=None if row.get("refiner_model") == "None" else row.get("refiner_model"),
            loras=_loras(row),
            steps=whole(row.get("steps")),
            cfg=number(row.get("guidance_scale", row.get("cfg"))),
            sampler=row.get("sampler"),
            scheduler=row.get("scheduler"),
            version=row.get("version"),
        ),
    )


def _loras(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    listed = row.get("loras")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, list) and one:
            found.append(known(name=one[0], strength=number(one[1]) if len(one) > 1 else None))
    for key, value in row.items():
        told = key.startswith("lora_combined") and isinstance(value, str)
        pair = LORA.fullmatch(value) if told else None
        if pair:
            found.append(known(name=pair[1], strength=number(pair[2])))
    return found
