"""iqm gate: hold a model update against a stored scorecard."""

import os
from pathlib import Path
from typing import Any

import click
from iqmetrics.cli import pipe

from iqmetrics.errors import BadInput

FORMATS = ("text", "json", "junit", "github", "markdown")
EXIT = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4}


@click.command(epilog="Example:  iqm gate outputs/ --baseline baseline.json --rules release")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--baseline", required=True, type=click.Path(path_type=Path), help="A stored scorecard.json."
)
@click.option("--rules", required=True, help="A shipped gate, or a .gate.toml file.")
@click.option("--model", "models", multiple=True, help="Baseline model first, then candidate.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="What to print.")
@click.option("--verdict", type=click.Path(path_type=Path), help="Also write verdict.json here.")
@click.option(
    "--verify", type=click.Path(path_type=Path), help="Check that this stored verdict still holds."
)
def command(
    run: Path | None,
    baseline: Path,
    rules: str,
    models: tuple[str, ...],
    form: str,
    verdict: Path | None,
    verify: Path | None,
) -> int:
    """Judge RUN against a baseline: PASS (exit 0), FAIL (1) or INCONCLUSIVE (4).

    RUN is a scored folder or a scorecard.json. Nothing is scored here: stored results are read.
    With --verify nothing is judged: a committed verdict must be PASS and belong to this baseline,
    these rules and the model files that they list (and to RUN, if given).
    """
    from iqmetrics.cli.scorecard import locate

    from iqmetrics.pipeline import rules as rule_files
    from iqmetrics.pipeline import seals

    chosen = rule_files.load(rules)
    paths = {"baseline": locate(baseline), **({"candidate": locate(run)} if run else {})}
    if verify is not None:
        state, told = seals.verify(verify, seals.seal(paths, chosen))
        pipe.echo("\n".join(told))
        return EXIT[state]
    if run is None:
        raise BadInput("gate needs a RUN to judge", "Score it first: iqm score FOLDER")
    return _judge(paths, chosen, models, form, verdict)


def _judge(
    paths: dict[str, Path], chosen: Any, models: tuple[str, ...], form: str, verdict: Path | None
) -> int:
    from iqmetrics.cli.compare import choose

    from iqmetrics.pipeline import gate, scorecard_file, seals
    from iqmetrics.render import screen
    from iqmetrics.views import feeds, verdicts

    base, card = scorecard_file.load(paths["baseline"]), scorecard_file.load(paths["candidate"])
    names = choose([base.models, card.models], models)
    if names[0] == names[1] and paths["baseline"].resolve() == paths["candidate"].resolve():
        told = "so only limits can fail. Keep a copy of scorecard.json as the baseline"
        click.echo(f"{names[0]!r} is held against itself, {told}", err=True)
    found = gate.judge(chosen, base, names[0], card, names[1])
    as_json = verdicts.to_json(found, seals.seal(paths, chosen))
    if verdict is not None:
        feeds.write_text(verdict, as_json)
    writers = {"junit": verdicts.junit, "github": verdicts.github, "markdown": verdicts.markdown}
    writers["text"] = lambda verdict: verdicts.text(verdict, screen())
    pipe.echo((as_json if form == "json" else writers[form](found)).rstrip("\n"))
    if form == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        with open(summary, "a", encoding="utf-8") as file:
            file.write(verdicts.markdown(found))
    return EXIT[found.state]
