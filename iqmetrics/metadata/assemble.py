"""From what each source says to one ImageRecord an image: precedence, model, prompt_id, pick.

Precedence, field by field: the prompts file given by hand > manifest and metadata tables >
sidecar > embedded metadata > names.
"""

import hashlib
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.models import ModelFrom, ModelRule
from iqmetrics.metadata.names import read_name
from iqmetrics.records import EMPTY, Confidence, ImageRecord, Source

NOWHERE = Source("")


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


@lru_cache(maxsize=4096)
def prompt_id_of(prompt: str) -> str:
    """First 12 hex digits of the sha256 of the NFC, white-space-folded prompt."""
    folded = " ".join(unicodedata.normalize("NFC", prompt).split())
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def lonely_id(image: str) -> str:
    """The prompt_id of an image without a prompt: its own cluster, the same on every run."""
    return hashlib.sha256(b"\x00" + os.fsencode(image)).hexdigest()[:12]


@cache
def _source(where: str, confidence: Confidence) -> Source:
    return Source(where, confidence)


class Draft:
    """What is known of one image, from the facts of all sources, the strongest first."""

    __slots__ = ("embedded", "given", "image", "params", "sources", "values")

    def __init__(self, image: str, layers: Sequence[Facts]) -> None:
        self.image = image
        self.values: dict[str, Any] = {}
        self.sources: dict[str, Source] = {}
        self.params = _params(layers)
        self.given = ("", NOWHERE)
        self.embedded = NOWHERE
        for facts in layers:
            self._add(facts, _source(facts.source, facts.confidence))

    def _add(self, facts: Facts, source: Source) -> None:
        """Take from weaker `facts` what no stronger ones told."""
        for name, value in (
            ("prompt", facts.prompt),
            ("negative", facts.negative),
            ("seed", facts.seed),
            ("requested_size", facts.size),
            ("prompt_id", facts.prompt_id or None),
            ("texts", facts.texts),
            ("tags", facts.tags or None),
        ):
            if value is not None and name not in self.values:
                self.values[name] = value
                self.sources[name] = source
        checkpoint = facts.params.get("checkpoint")
        if facts.model and facts.model != checkpoint and not self.given[0]:
            self.given = (facts.model, source)
        if checkpoint and self.embedded is NOWHERE:
            self.embedded = source

    def identify(self, rule: ModelRule) -> None:
        """Decide model and prompt_id."""
        model, source = rule.model(self.image, *self.given, self.params, self.embedded)
        self.values["model"], self.sources["model"] = model, source
        if "prompt_id" not in self.values:
            prompt = self.values.get("prompt")
            known = prompt and prompt.strip()
            self.values["prompt_id"] = prompt_id_of(prompt) if known else lonely_id(self.image)

    def record(self, folder: str, sha256: str, shared: dict[Any, Any]) -> ImageRecord:
        """The record, whose pick is not known yet.

        Texts and sources that were met before are taken from `shared`, so that a prompt of many
        images is held once.
        """

        def once(value: Any) -> Any:
            return shared.setdefault(value, value) if isinstance(value, str) else value

        params = {sys.intern(name): once(value) for name, value in self.params.items()}
        return ImageRecord(
            image=self.image,
            path=os.path.join(folder, self.image),
            sha256=sha256,
            params=params or shared.setdefault((), params),
            sources=shared.setdefault(tuple(self.sources.items()), self.sources),
            **{name: once(value) for name, value in self.values.items()},
        )


def combine(
    folder: str,
    layers: Mapping[str, Sequence[Facts]],
    *,
    model_from: ModelFrom | None = None,
    sha256: Mapping[str, str] = EMPTY,
) -> list[ImageRecord]:
    """The records of all images of a folder.

    Args:
        folder: where the images are.
        layers: image -> facts, the strongest first.
        model_from: what names the model, if that is decided by hand.
        sha256: image -> hash of its file, where it is known.
    """
    name = os.path.basename(os.path.abspath(folder)) or folder
    params = map(_params, layers.values())  # a file's name tells no checkpoint
    rule = ModelRule(list(layers), params, name, model_from)
    records: list[ImageRecord] = []
    groups: dict[tuple[str, str], list[int]] = {}
    shared: dict[Any, Any] = {}
    for number, (image, found) in enumerate(zip(layers, _with_names(layers), strict=True)):
        draft = Draft(image, found)  # one at a time: a folder may hold a million
        draft.identify(rule)
        record = draft.record(folder, sha256.get(image, ""), shared)
        records.append(record)
        groups.setdefault((record.model, record.prompt_id), []).append(number)
    for members in groups.values():
        members.sort(key=lambda number: _by_seed(records[number]))
        for pick, number in enumerate(members, 1):
            object.__setattr__(records[number], "pick", pick)  # nobody else has them yet
    return records


def _with_names(layers: Mapping[str, Sequence[Facts]]) -> Iterable[list[Facts]]:
    """All facts of each image, those of its name last."""
    return ([*found, read_name(image)] for image, found in layers.items())


def _params(layers: Sequence[Facts]) -> dict[str, Any]:
    """The parameters that any source tells, the strongest first."""
    params: dict[str, Any] = {}
    for facts in reversed(layers):
        if facts.params:
            params.update({k: v for k, v in facts.params.items() if v is not None})
    return params


def _by_seed(record: ImageRecord) -> tuple[bool, int, str]:
    return (record.seed is None, record.seed or 0, record.image)
