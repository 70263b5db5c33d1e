"""JSON objects in text fields, read so that a broken one is no error."""

import json
from typing import Any

from iqmetrics.metadata.containers import Embedded

USER_COMMENT = 0x9286


def json_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`, or {} when there is none."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str | None:
    """`value` when it is a string, without white space around; else None."""
    return value.strip() if isinstance(value, str) else None


def object_in(embedded: Embedded, *keywords: str) -> dict[str, Any]:
    """The first JSON object in the named text chunks, or else in the EXIF UserComment."""
    for text in (
        *(embedded.text.get(key, "") for key in keywords),
        embedded.exif.get(USER_COMMENT, ""),
    ):
        if found := json_object(text):
            return found
    return {}
