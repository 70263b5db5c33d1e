"""clip: how well the image shows what its prompt says, as CLIP sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from iqmetrics.images import Picture
from iqmetrics.nets import clip_source, prompts
from iqmetrics.records import YES_NO, Metric, Reading, Scope

FOREIGN = 0.2
"""A prompt with more non-Latin letters than this cannot be read by an English model."""


@dataclass(frozen=True)
class Clip:
    """CLIP score: 100 x cosine of image and prompt, clipped at 0; higher is closer to the prompt.

    The number of torchmetrics' CLIPScore, per image. Typical values with the default model are 20
    to 35: only values of one model can be compared. Attention weights `(word:1.2)` and LoRA tags
    are stripped from the prompt first. A prompt longer than the model's context is cut into clauses
    and the score is the mean over them; `clip.truncated` is then 1 (a cut at the context would lose
    the end token and several points). A prompt in a script that the model cannot read is not
    applicable: choose a multilingual model.

    Options: `model` is "ARCHITECTURE/TAG" of open_clip, "local-dir:PATH", "hf-hub:ORG/REPO" or
    "demo". Larger: ViT-L-14/laion2b_s32b_b82k. Multilingual: ViT-B-16-SigLIP2-256/webli or
    xlm-roberta-base-ViT-B-32/laion5b_s13b_b90k. "demo" knows only the scenes of `iqm demo` and
    refuses other pictures unless `force` is set. `fast` computes in bfloat16 on a CPU: about twice
    the speed where the processor has bfloat16 units, values then differ by up to half a percent.

    Range: 0..100, no unit. Source: Hessel et al., "CLIPScore", EMNLP 2021, with the factor of
    torchmetrics. Blind to: counts beyond a few, left and right, which thing has which property,
    spelling, quality. Measured agreement with the reference: benchmarks/results/alignment.json.

    Example:
        Evidence of a long prompt: `{"clauses": [["a red fox", 31.2], ["in deep snow", 24.9]]}`.
    """

    model: str = clip_source.DEFAULT
    force: bool = False
    fast: bool = False
    encoder: Any = field(init=False, repr=False, compare=False, default=None)

    name = "clip"
    version = "1"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    imports = ("open_clip",)
    licence = "MIT"
    uses = ("prompt",)
    metrics = (
        Metric("clip.alignment", "", 0, 100, "higher", "100 x cosine of image and prompt"),
        Metric("clip.truncated", YES_NO, 0, 1, "lower", "1 when the prompt was read in clauses"),
    )

    @property
    def weights(self) -> tuple[str, ...]:
        """The model's line in the weight ledger, where there is one."""
        return clip_source.lines(self.model)

    def load(self, device: str) -> None:
        """Find the weights, then load them; nothing heavy is imported before they are found."""
        clip_source.load(self, device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        texts = [prompts.plain(p.record.prompt or "") for p in pictures]
        reasons = [self._unfit(p, text) for p, text in zip(pictures, texts, strict=True)]
        fit = [i for i, reason in enumerate(reasons) if not reason]
        seen = iter(self.encoder.images([pictures[i] for i in fit])) if fit else iter(())
        pieces = {i: prompts.clauses(texts[i], self.encoder.fits) for i in fit}
        said: Any = self.encoder.texts([p for i in fit for p in pieces[i]]).numpy() if fit else ()
        answers, first = [], 0
        for i, reason in enumerate(reasons):
            if reason:
                answers.append(Reading.none(self.metrics, "not_applicable", reason))
                continue
            last = first + len(pieces[i])
            answers.append(_reading(pieces[i], (said[first:last] @ next(seen)).tolist()))
            first = last
        return answers

    def _unfit(self, picture: Picture, text: str) -> str:
        if not text:
            return "the image has no prompt"
        if self.model == clip_source.DEMO and not self.force:
            from iqmetrics.demo.vocabulary import is_scene

            if (picture.width, picture.height) != (64, 64) or not is_scene(text):
                return (
                    "the demo model only knows the scenes of `iqm demo`; force = true judges anyway"
                )
        if not self.encoder.multilingual and prompts.foreign_share(text) > FOREIGN:
            return (
                f"{self.model} reads English only; a multilingual model: ViT-B-16-SigLIP2-256/webli"
            )
        return ""


def _reading(pieces: list[str], cosines: list[float]) -> Reading:
    value = min(100.0, max(0.0, 100 * sum(cosines) / len(cosines)))
    values = {"clip.alignment": value, "clip.truncated": float(len(pieces) > 1)}
    if len(pieces) == 1:
        return Reading(values)
    told = [[piece, round(100 * c, 3)] for piece, c in zip(pieces, cosines, strict=True)]
    return Reading(values, {}, {"clauses": told})
