"""What a scoring run was asked to do."""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from iqmetrics import presets
from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.presets import ScorerChoice
from iqmetrics.scorers.base import Scorer

ABOUT_FILES = ("prompts", "model_from", "include", "exclude", "limit", "split_grids")
"""What says nothing of images in memory."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of `iqm score`, with the defaults of the command line.

    `scorers` (names or "module:Class") replace those of the preset, and are then required: one
    that cannot be loaded is an error instead of a status. `workers` counts decoding processes
    (None: one a core, at most 16; with `engine` "ray": those of one actor, and its cores).
    `address` is that of a Ray cluster (None: Ray on this machine). `split_grids` takes files that
    hold four pictures apart. `options` are those of scorers by name, over what the preset says.
    `reference` is a folder that `fid` compares each model with. `texts` are the strings that every
    image must show.
    """

    preset: str = "standard"
    scorers: tuple[str, ...] = ()
    device: str = "auto"
    workers: int | None = None
    engine: str = "local"
    address: str | None = None
    prompts: Path | None = None
    texts: tuple[str, ...] | None = None
    model_from: Literal["folder", "metadata"] | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None
    split_grids: bool = False
    reference: Path | None = None
    options: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """One string where several may stand is that one, not its letters."""
        for name in ("scorers", "texts", "include", "exclude"):
            if isinstance(value := getattr(self, name), str):
                object.__setattr__(self, name, (value,))
        if not all(text.strip() for text in self.texts or ()):
            raise BadInput("a text that images must show is empty", "Give it: --text 'SALE'")
        for name, least in (("workers", 0), ("limit", 1)):
            number = getattr(self, name)
            if number is not None and not (isinstance(number, int) and number >= least):
                raise BadInput(f"{name} is {number!r}", f"Give {least} or more, or leave it out")
        for name, what in (("prompts", "table"), ("reference", "folder")):
            value = getattr(self, name)
            if not isinstance(value, str | os.PathLike | None):
                raise BadInput(
                    f"{name} is of the kind {type(value).__name__}", f"Give the path of a {what}"
                )
        if self.reference is not None:
            object.__setattr__(self, "reference", Path(self.reference))
        if self.model_from not in (None, "folder", "metadata"):
            raise BadInput(f"model_from is {self.model_from!r}", "Choose one of: folder, metadata")

    def for_memory(self) -> None:
        """Refuse what is about files, where images are in memory and it would do nothing.

        Raises:
            BadInput: such a setting was given.
        """
        given = [f.name for f in fields(self) if getattr(self, f.name) != f.default]
        if about := [name for name in ABOUT_FILES if name in given]:
            raise BadInput(
                f"{', '.join(about)}: about files, and these images are in memory",
                "Save them in a folder and score that, or leave it out; prompts may be a list",
            )

    def rule(self) -> Rule:
        """What makes an image usable: the preset's rule; none when scorers are chosen by hand."""
        if self.scorers:
            return Rule(())
        preset = presets.load(self.preset)
        return Rule(preset.usable, preset.pick)

    def build_scorers(self) -> dict[str, Scorer]:
        """The scorers by name, not yet loaded.

        Raises:
            BadInput: two scorers of one name differ in their options: only one could be kept.
            UnknownName: no such scorer, or `options` of one that is not asked.
        """
        if self.scorers:
            presets.load(self.preset)  # a misspelt one is told, although none is asked
            choices = [ScorerChoice(name, {}) for name in self.scorers]
        else:
            choices = list(presets.load(self.preset).scorers)
        if self.reference is not None:
            rest = {"reference": str(self.reference.resolve())}
            choices = [c for c in choices if c.name != "fid"] + [ScorerChoice("fid", rest)]
        for name in self.options:
            if name not in (known := [choice.name for choice in choices]):
                raise UnknownName("scorer in this run", name, known)
        choices = [
            ScorerChoice(c.name, {**c.options, **self.options.get(c.name, {})}) for c in choices
        ]
        built: dict[str, Scorer] = {}
        for choice in choices:
            scorer = choice.build()
            if built.setdefault(scorer.name, scorer) != scorer:
                raise BadInput(
                    f"two scorers are named {scorer.name!r}", "Score with one preset for each"
                )
        return built
