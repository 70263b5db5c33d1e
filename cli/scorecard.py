"""iqm scorecard: the scorecard of a folder that was scored."""

from pathlib import Path

import click


@click.command(epilog="Example:  iqm scorecard outputs/ --csv > scorecard.csv")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--spread",
    is_flag=True,
    help="Best of N minus mean, outliers, prompt sensitivity, usable images an hour.",
)
def command(run: Path, as_csv: bool, as_json: bool, spread: bool) -> None:
    """Print the scorecard of RUN: a scored folder, its iqm folder, or a scorecard.json."""
    from iqmetrics.pipeline import scorecard_file
    from iqmetrics.render import screen
    from iqmetrics.views import feeds, spreads, terminal

    whole = spread or as_json
    card = (scorecard_file.load if whole else scorecard_file.load_rows)(locate(run))
    if spread:
        click.echo(spreads.text(card, screen()))
    elif as_json:
        click.echo(scorecard_file.dump(card), nl=False)
    elif as_csv:
        click.echo(feeds.csv_text(feeds.SCORECARD, feeds.scorecard_rows(card)), nl=False)
    else:
        click.echo(terminal.scorecard(card, screen()))


def locate(run: Path) -> Path:
    """The scorecard.json that RUN stands for."""
    if run.is_dir():
        inner = run / "iqm" / "scorecard.json"
        return inner if inner.exists() else run / "scorecard.json"
    return run
