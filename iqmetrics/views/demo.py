"""The whole way once, small: two models make images, are scored, compared, gated and reported.

Every step is the function behind the command that it is named after, with the shipped `demo` suite,
preset and gate. The models are two checkpoints of one training run of a tiny Stable Diffusion, left
as ordinary diffusers folders in OUT/models.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from iqmetrics.demo import pipeline
from iqmetrics.errors import BadInput
from iqmetrics.pipeline import gate, rules, scorecard_file, seals
from iqmetrics.pipeline.compare import compare
from iqmetrics.pipeline.generate import generate
from iqmetrics.pipeline.models import Model, build
from iqmetrics.pipeline.progress import Progress, Silent
from iqmetrics.pipeline.score import STORE, run
from iqmetrics.pipeline.settings import Settings
from iqmetrics.render import screen
from iqmetrics.store import Store
from iqmetrics.suites.load import load
from iqmetrics.views import contrasts, feeds, outputs, terminal, verdicts

NAME = "demo"
IMAGES = "outputs"
MODELS = "models"
TOGETHER = 16
"""Images in one call of a model."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the demo leaves: the verdict's state and how many images were made or already there."""

    state: str
    made: int
    kept: int


def _model(version: str, folder: Path) -> Model:
    try:
        pipeline.shipped(version, folder)
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror}"
        raise BadInput(reason, "Try another --out") from error
    options = {"device": "cpu", "batch": TOGETHER, **pipeline.PARAMS}
    return Model(version, build(f"diffusers:{folder}", options))


def run_all(
    out: Path,
    say: Callable[[str], None],
    progress: Progress | None = None,
    limit: int | None = None,
) -> Told:
    """Make, score, compare, gate and report into `out`; `say` gets one plain text at a time.

    `limit` takes only the first prompts of the suite. A second run makes only what is missing.

    Raises:
        BadInput: `out` cannot be written, or no image could be made.
        Unavailable: a package of the extras `generate` or `score` is missing.
    """
    suite, base, candidate = load(NAME), *pipeline.VERSIONS
    prompts = min(limit or len(suite.prompts), len(suite.prompts))
    say(
        f"1. generate: {base} and {candidate} draw the same {prompts} prompts with the same seeds. "
        "They are two checkpoints of a tiny Stable Diffusion (3.6 million parameters, 64 pixels): "
        f"{base} was taken early in its training, {candidate} at the end."
    )
    models = [_model(version, out / MODELS / version) for version in pipeline.VERSIONS]
    made = generate(suite, models, out / IMAGES, limit=limit, progress=progress)
    if failed := [m for m in made if m.failed]:
        raise BadInput(f"{failed[0].model} made no image: {failed[0].reason}", "Try another --out")
    say("2. score: a tiny CLIP says how well each image shows its prompt; size and look are read.")
    chosen = Settings(preset=NAME, device="cpu")
    with Store(out / STORE) as store:
        result = run(out / IMAGES, store, chosen, progress or Silent())
        outputs.write(result, chosen, out)
        card = result.scorecard
    say(terminal.scorecard(card, screen()))
    say(f"3. compare: is {candidate} better than {base}? Images are paired by prompt and seed.")
    contrast = compare(card, base, card, candidate)
    feeds.write_text(out / "compare.txt", contrasts.text(contrast) + "\n")
    say(contrasts.text(contrast, screen()))
    say(f"4. gate: may {candidate} replace {base}?")
    path, held = out / "scorecard.json", rules.load(NAME)
    verdict = gate.judge(held, scorecard_file.load(path), base, card, candidate)
    sealed = seals.seal({"baseline": path, "candidate": path}, held)
    feeds.write_text(out / "verdict.json", verdicts.to_json(verdict, sealed))
    say(verdicts.text(verdict, screen()).rstrip("\n"))
    return Told(verdict.state, sum(m.made for m in made), sum(m.kept for m in made))
