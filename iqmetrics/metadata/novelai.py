"""NovelAI: chunks `Software`, `Description`, `Source` and `Comment` (JSON), or stealth alpha.

`Source` is the model's name with a hash behind it. The same fields may hide in the lowest bit of
the alpha plane: see `stealth`.
"""

import re

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import json_object, text_of

SOURCE = re.compile(r"(.+?)\s+([0-9A-F]{8})")


def read(embedded: Embedded) -> Facts | None:
    """Facts of a NovelAI picture; None when it was not written by NovelAI."""
    text = embedded.text
    row = json_object(text.get("Comment", ""))
    if text.get("Software") != "NovelAI" and not ("uc" in row and "Source" in text):
        return None
    source = text.get("Source", "")
    named = SOURCE.fullmatch(source)
    model = named[1] if named else source
    return Facts(
        source="novelai",
        prompt=text_of(text.get("Description")) or text_of(row.get("prompt")),
        negative=text_of(row.get("uc")),
        model=model,
        seed=whole(row.get("seed")),
        size=size_of(row.get("width"), row.get("height")),
        params=known(
            checkpoint=model,
            checkpoint_hash=named[2] if named else None,
            steps=whole(row.get("steps")),
            cfg=number(row.get("scale")),
            sampler=row.get("sampler"),
        ),
    )
