"""AUTOMATIC1111, Forge, reForge: the "infotext".

PNG chunk `parameters`, or EXIF UserComment in JPEG, WebP and AVIF. Layout: the prompt, a line
`Negative prompt: ...`, a last line `Steps: 20, Sampler: ..., Seed: ..., Size: 512x768, ...`.
Source: stable-diffusion-webui modules/infotext_utils.py (format read from real files).
"""

import json
import re
from typing import Any

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.metadata.jsontext import USER_COMMENT

NEGATIVE = "Negative prompt:"
MOST_UPSCALE = 100
PAIR = re.compile(r'\s*([\w][\w \-/]*):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
LORA = re.compile(r"<(lora|lyco|hypernet):([^:>]+)(?::([-\d.]+))?[^>]*>")


def read(embedded: Embedded) -> Facts | None:
    """Facts from the infotext; None when there is none."""
    for text in (
        embedded.text.get("parameters", ""),
        embedded.exif.get(USER_COMMENT, ""),
        embedded.text.get("comment", ""),
    ):
        if "Steps: " in text and not text.lstrip().startswith("{"):
            return parse(text)
    return None


def parse(text: str, source: str = "a1111") -> Facts:
    """The facts in an infotext."""
    lines = text.strip().split("\n")
    settings: dict[str, str] = {}
    if len(pairs := PAIR.findall(lines[-1])) >= 3 or lines[-1].startswith("Steps: "):
        settings = {key.strip(): _unquote(value) for key, value in pairs}
        lines.pop()
    prompt: list[str] = []
    negative: list[str] | None = None
    for line in lines:
        if negative is None and line.strip().startswith(NEGATIVE):
            negative = [line.strip().removeprefix(NEGATIVE).strip()]
        elif negative is not None:
            negative.append(line)
        else:
            prompt.append(line)
    raw = "\n".join(prompt).strip()
    loras = [known(name=m[2], strength=number(m[3])) for m in LORA.finditer(raw)]
    words = LORA.sub("", raw).strip().strip(",").strip() if loras else raw
    return Facts(
        source=source,
        prompt=words,
        negative="\n".join(negative).strip() if negative is not None else "" if settings else None,
        model=settings.get("Model", ""),
        seed=whole(settings.get("Seed")),
        size=requested_size(settings),
        params=known(
            checkpoint=settings.get("Model"),
            checkpoint_hash=settings.get("Model hash"),
            loras=loras,
            steps=whole(settings.get("Steps")),
            sampler=settings.get("Sampler"),
            scheduler=settings.get("Schedule type"),
            cfg=number(settings.get("CFG scale")),
            version=settings.get("Version"),
            prompt_raw=raw if loras else None,
        ),
    )


def _unquote(value: str) -> str:
    value = value.strip()
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        try:
            plain: Any = json.loads(value)
        except ValueError:
            return value
        return plain if isinstance(plain, str) else value
    return value


def requested_size(settings: dict[str, str]) -> tuple[int, int] | None:
    """(width, height) that was asked for, "hires fix" included."""
    size = _pair(settings.get("Size", ""))
    if (resized := _pair(settings.get("Hires resize", ""))) is not None:
        return resized
    factor = number(settings.get("Hires upscale"))
    if size and factor and 0 < factor <= MOST_UPSCALE:
        return size_of(int(size[0] * factor), int(size[1] * factor))
    return size


def _pair(text: str) -> tuple[int, int] | None:
    width, _, height = text.partition("x")
    return size_of(width, height)
