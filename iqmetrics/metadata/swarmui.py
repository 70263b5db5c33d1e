"""SwarmUI: JSON with `sui_image_params` in the chunk `parameters` or in the EXIF UserComment."""

from collections.abc import Mapping
from typing import Any

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import object_in, text_of


def read(embedded: Embedded) -> Facts | None:
    """Facts of a SwarmUI picture; None when there is no such JSON."""
    found = object_in(embedded, "parameters")
    row = found.get("sui_image_params")
    if not isinstance(row, Mapping):
        return None
    return Facts(
        source="swarmui",
        prompt=text_of(row.get("prompt")),
        negative=text_of(row.get("negativeprompt")),
        model=str(row.get("model") or ""),
        seed=whole(row.get("seed")),
        size=size_of(row.get("width"), row.get("height")),
        params=known(
            checkpoint=row.get("model"),
            checkpoint_hash=_hash(found.get("sui_models")),
            loras=_loras(row.get("loras"), row.get("loraweights")),
            steps=whole(row.get("steps")),
            cfg=number(row.get("cfgscale")),
            sampler=row.get("sampler") or row.get("comfyuisampler") or row.get("autowebuisampler"),
            scheduler=row.get("scheduler"),
            version=row.get("swarm_version"),
        ),
    )


def _hash(models: object) -> str | None:
    for one in models if isinstance(models, list) else []:
        if isinstance(one, Mapping) and one.get("param") == "model":
            return str(one.get("hash") or "") or None
    return None


def _loras(names: object, weights: object) -> list[dict[str, Any]]:
    def listed(value: object) -> list[Any]:
        return (
            value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        )

    strengths = listed(weights)
    return [
        known(name=str(name).strip(), strength=number(strengths[n]) if n < len(strengths) else None)
        for n, name in enumerate(listed(names))
        if str(name).strip()
    ]
