"""iqm gate: hold a model update against a stored scorecard."""

import os
from pathlib import Path

import click

FORMATS = ("text", "json", "junit", "github", "markdown")


@click.command(
    epilog="Example:  iqm gate outputs/ --baseline baseline/scorecard.json --rules release"
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--baseline", required=True, type=click.Path(path_type=Path), help="A stored scorecard.json."
)
@click.option("--rules", required=True, help="A shipped gate, or a .gate.toml file.")
@click.option("--model", "models", multiple=True, help="Baseline model first, then candidate.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.option("--verdict", type=click.Path(path_type=Path), help="Also write verdict.json here.")
def command(
    run: Path, baseline: Path, rules: str, models: tuple[str, ...], form: str, verdict: Path | None
) -> int:
    """Judge RUN against a baseline: PASS (exit 0), FAIL (1) or INCONCLUSIVE (4).

    RUN is a scored folder or a scorecard.json. Nothing is scored here: stored results are read.
    """
    from iqmetrics.cli.compare import choose
    from iqmetrics.cli.scorecard import locate

    from iqmetrics.pipeline import gate, scorecard_file, seals
    from iqmetrics.pipeline import rules as rule_files
    from iqmetrics.views import feeds, verdicts

    chosen = rule_files.load(rules)
    paths = {"baseline": locate(baseline), "candidate": locate(run)}
    cards = {name: scorecard_file.load(path) for name, path in paths.items()}
    names = choose([cards["baseline"].models, cards["candidate"].models], models)
    found = gate.judge(chosen, cards["baseline"], names[0], cards["candidate"], names[1])
    seal = seals.seal(paths, chosen)
    if verdict is not None:
        feeds.write_text(verdict, verdicts.to_json(found, seal))
    printed = {
        "text": lambda: verdicts.text(found),
        "json": lambda: verdicts.to_json(found, seal).rstrip(),
        "junit": lambda: verdicts.junit(found).rstrip(),
        "github": lambda: verdicts.github(found),
        "markdown": lambda: verdicts.markdown(found).rstrip(),
    }
    click.echo(printed[form]())
    if form == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        with open(summary, "a", encoding="utf-8") as file:
            file.write(verdicts.markdown(found))
    return {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4}[found.state]
