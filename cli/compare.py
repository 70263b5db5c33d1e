"""iqm compare: which of two models is better, and at what."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import click

from iqmetrics.errors import BadInput


@click.command(epilog="Example:  iqm compare outputs/ --model flux-dev --model qwen-image")
@click.argument("runs", nargs=-1, metavar="RUN [RUN2]", type=click.Path(path_type=Path))
@click.option("--model", "models", multiple=True, help="Baseline first, then candidate.")
@click.option(
    "--margin",
    "margins",
    multiple=True,
    metavar="METRIC=VALUE",
    help="The difference that starts to matter.",
)
@click.option("--claim", help="Check published shares: '93% of 30 vs 71% of 30'.")
@click.option(
    "--by",
    type=click.Choice(["tag", "prompt"]),
    help="Also compare within each tag, or list the prompts that lost most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    runs: tuple[Path, ...],
    models: tuple[str, ...],
    margins: tuple[str, ...],
    claim: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Compare two models on the same prompts: better, worse, tied, or too few images.

    Images are paired by prompt and seed. RUN is a scored folder or a scorecard.json; with two runs
    the first is the baseline.
    """
    from iqmetrics.cli.scorecard import locate

    from iqmetrics.folding import prose
    from iqmetrics.pipeline import claims, scorecard_file
    from iqmetrics.pipeline.compare import by_prompt, compare
    from iqmetrics.render import screen
    from iqmetrics.views import contrasts

    if claim is not None:
        checked = claims.check(claim)
        lines = [prose(line, screen()) for line in claims.text(checked).splitlines()]
        click.echo(json.dumps(asdict(checked), indent=1) if as_json else "\n".join(lines))
        return
    if not 1 <= len(runs) <= 2:
        raise BadInput("compare takes one run or two", "iqm compare RUN [RUN2] --model A --model B")
    cards = [scorecard_file.load(locate(run)) for run in runs]
    names = choose([card.models for card in cards], models)
    found = compare(cards[0], names[0], cards[-1], names[1], _margins(margins))
    if as_json:
        prompts = [asdict(c) for c in by_prompt(found)] if by == "prompt" else None
        body = {**asdict(found), **({"by_prompt": prompts} if prompts is not None else {})}
        click.echo(json.dumps(body, indent=1, default=dict))  # cells are packed
        return
    more = {"tag": contrasts.by_tag, "prompt": contrasts.by_prompt}
    room = screen()
    click.echo(contrasts.text(found, room) + (f"\n\n{more[by](found, room)}" if by else ""))


def choose(found: list[tuple[str, ...]], asked: tuple[str, ...]) -> tuple[str, str]:
    """Baseline and candidate: as asked, or the only two there are."""
    if len(asked) == 2:
        return asked[0], asked[1]
    if not asked and len(found) == 1 and len(found[0]) == 2:
        return found[0][0], found[0][1]
    if len(found) == 2 and len(asked) == 1:
        return asked[0], asked[0]
    if not asked and len(found) == 2 and all(len(models) == 1 for models in found):
        return found[0][0], found[1][0]
    if len(found) == 1 and len(found[0]) == 1 and set(asked) <= set(found[0]):
        raise BadInput(
            f"there is one model only, {found[0][0]!r}",
            "Give a second run to compare it with: iqm compare RUN RUN2",
        )
    sides = [", ".join(map(repr, models)) for models in found]
    known = (
        sides[0] if len(set(sides)) == 1 else f"{sides[0]} in the first, {sides[1]} in the second"
    )
    raise BadInput("which two models?", f"Say --model A --model B; there are: {known}")


def _margins(texts: tuple[str, ...]) -> dict[str, float]:
    margins = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            margins[name] = float(value)
            if not 0 <= margins[name] < math.inf:
                raise ValueError("no distance")
        except ValueError as error:
            raise BadInput(
                f"--margin {text} is not METRIC=VALUE, a difference of 0 or more",
                "--margin text.legibility=0.05",
            ) from error
    return margins
