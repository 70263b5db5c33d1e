"""Draw Things: JSON in the XMP property `exif:UserComment` (`c` prompt, `uc` negative)."""

import html
import re
from typing import Any

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import json_object, text_of

COMMENT = re.compile(
    r'<exif:UserComment>(?:\s*<rdf:\w+>\s*<rdf:li[^>]*>)?([^<]*)<|exif:UserComment="([^"]*)"'
)


def read(embedded: Embedded) -> Facts | None:
    """Facts of a Draw Things picture; None when its XMP has no such comment."""
    found = COMMENT.search(embedded.xmp)
    row = json_object(html.unescape(found[1] or found[2] or "")) if found else {}
    if "c" not in row:
        return None
    width, _, height = str(row.get("size", "")).partition("x")
    model = str(row.get("model") or "")
    return Facts(
        source="drawthings",
        prompt=text_of(row["c"]),
        negative=text_of(row.get("uc")),
        model=model,
        seed=whole(row.get("seed")),
        size=size_of(width, height),
        params=known(
            checkpoint=model,
            loras=_loras(row.get("lora")),
            steps=whole(row.get("steps")),
            cfg=number(row.get("scale")),
            sampler=row.get("sampler"),
        ),
    )


def _loras(found: object) -> list[dict[str, Any]]:
    return [
        known(name=str(one.get("model", "")), strength=number(one.get("weight")))
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict)
    ]
