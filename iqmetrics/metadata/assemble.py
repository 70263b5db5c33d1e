"""From what each source says to one ImageRecord an image: precedence, model, prompt_id, pick.

Precedence, field by field: the prompts file given by hand > manifest and metadata tables >
sidecar > embedded metadata > names.
"""

import hashlib
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.models import ModelFrom, ModelRule
from iqmetrics.metadata.names import read_name
from iqmetrics.records import ImageRecord, Source

FIELDS = ("prompt", "negative", "seed", "size", "prompt_id", "texts", "tags")


@dataclass(slots=True)
class FolderReport:
    """What reading a folder found besides the records.

    `skipped` maps a kind ("grid", "mask", "not an image" ...) to the paths left out; `problems` are
    sentences to show; `failed_requests` are (model, prompt_id, reason) rows of a manifest that have
    no image; `without_prompt` and `low_confidence` name images.
    """

    images: int = 0
    skipped: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    failed_requests: list[tuple[str, str, str]] = field(default_factory=list)
    without_prompt: list[str] = field(default_factory=list)
    low_confidence: list[str] = field(default_factory=list)


def prompt_id_of(prompt: str) -> str:
    """First 12 hex digits of the sha256 of the NFC, white-space-folded prompt."""
    folded = " ".join(unicodedata.normalize("NFC", prompt).split())
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def lonely_id(image: str) -> str:
    """The prompt_id of an image without a prompt: its own cluster, the same on every run."""
    return hashlib.sha256(b"\x00" + os.fsencode(image)).hexdigest()[:12]


def merge(image: str, path: str, layers: Sequence[Facts]) -> ImageRecord:
    """One record from the facts of all sources, strongest first; model and pick stay open."""
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    params: dict[str, Any] = {}
    for facts in reversed(layers):
        params.update({key: value for key, value in facts.params.items() if value is not None})
    for facts in layers:
        source = Source(facts.source, facts.confidence)
        for name in FIELDS:
            value = getattr(facts, name)
            if name not in values and value not in (None, "" if name == "prompt_id" else None, ()):
                values[name] = value
                sources["requested_size" if name == "size" else name] = source
    return ImageRecord(
        image=image,
        path=path,
        prompt_id=values.get("prompt_id", ""),
        prompt=values.get("prompt"),
        negative=values.get("negative"),
        seed=values.get("seed"),
        requested_size=values.get("size"),
        texts=values.get("texts"),
        tags=values.get("tags", ()),
        params=params,
        sources=sources,
    )


def combine(
    folder: str,
    layers: Mapping[str, Sequence[Facts]],
    *,
    model_from: ModelFrom | None = None,
) -> list[ImageRecord]:
    """The records of all images of a folder; `layers` maps image -> facts, the strongest first."""
    records = [
        merge(image, os.path.join(folder, image), [*found, read_name(image)])
        for image, found in layers.items()
    ]
    name = os.path.basename(os.path.abspath(folder)) or folder
    rule = ModelRule(list(layers), [r.params for r in records], name, model_from)
    done = []
    for record in records:
        done.append(_identified(record, layers[record.image], rule))
    return _picked(done)


def _identified(record: ImageRecord, layers: Sequence[Facts], rule: ModelRule) -> ImageRecord:
    given, given_source = "", Source("")
    embedded_source = Source("")
    for facts in layers:
        if facts.model and facts.model != facts.params.get("checkpoint") and not given:
            given, given_source = facts.model, Source(facts.source, facts.confidence)
        if facts.params.get("checkpoint") and not embedded_source.where:
            embedded_source = Source(facts.source)
    model, source = rule.model(record.image, given, given_source, record.params, embedded_source)
    prompt_id = record.prompt_id
    if not prompt_id:
        words = record.prompt
        prompt_id = prompt_id_of(words) if words and words.strip() else lonely_id(record.image)
    return replace(
        record, model=model, prompt_id=prompt_id, sources={**record.sources, "model": source}
    )


def _picked(records: list[ImageRecord]) -> list[ImageRecord]:
    """The records with their 1-based pick: by seed, then name, within (model, prompt_id)."""
    groups: dict[tuple[str, str], list[ImageRecord]] = {}
    for record in records:
        groups.setdefault((record.model, record.prompt_id), []).append(record)
    picks: dict[str, int] = {}
    for group in groups.values():
        group.sort(key=lambda r: (r.seed is None, r.seed or 0, r.image))
        picks.update({record.image: n for n, record in enumerate(group, 1)})
    return [replace(record, pick=picks[record.image]) for record in records]
