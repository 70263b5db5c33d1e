"""Midjourney: `Description` ("... --v 7 --ar 3:2 Job ID: uuid") and file names of downloads.

A name `user_words_of_the_prompt_uuid_n.png` holds only the prompt's first words, so it is a guess;
no `_n` in it means that the file may be a 2x2 grid of four pictures.
"""

import re

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, whole

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
DESCRIPTION = re.compile(rf"(.*?)\s*Job ID:\s*({UUID})\s*", re.DOTALL | re.IGNORECASE)
SWITCH = re.compile(r"\s--([a-z]+)(?:\s+((?:(?!--).)*?))?(?=\s+--[a-z]|\s*$)", re.DOTALL)
NAME = re.compile(rf"([^_]+)_(.+)_({UUID})(?:_([0-3]))?", re.IGNORECASE)
PICTURE_URL = re.compile(r"^(?:<?https?://\S+>?\s+)+")


def read(embedded: Embedded) -> Facts | None:
    """Facts in a Midjourney `Description` (PNG chunk, EXIF or XMP); None when there is none."""
    texts = [embedded.text.get("Description", ""), *embedded.exif.values()]
    found = next((match for text in texts if (match := DESCRIPTION.fullmatch(text))), None)
    if not found:
        return None
    switches = {key: (value or "").strip() for key, value in SWITCH.findall(found[1])}
    prompt = PICTURE_URL.sub("", SWITCH.sub("", found[1])).strip()
    version, niji = switches.get("v") or switches.get("version"), switches.get("niji")
    model = f"Niji {niji}".strip() if niji is not None else f"Midjourney {version or ''}".strip()
    return Facts(
        source="midjourney",
        prompt=prompt,
        negative=switches.get("no", ""),
        model=model,
        seed=whole(switches.get("seed")),
        params=known(
            checkpoint=model,
            job=found[2],
            aspect=switches.get("ar") or switches.get("aspect"),
            stylize=whole(switches.get("s") or switches.get("stylize")),
        ),
    )


def read_name(stem: str) -> Facts | None:
    """The facts in the name (without suffix) of a download; a prompt guessed from its words."""
    found = NAME.fullmatch(stem)
    if not found:
        return None
    params = known(job=found[3], tile=whole(found[4]), may_be_grid=found[4] is None or None)
    words = found[2].replace("_", " ").strip()
    return Facts(source="file name", confidence="low", prompt=words, params=params)
