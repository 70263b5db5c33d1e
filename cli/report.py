"""iqm report: the page that shows why, from a stored run."""

import json
from pathlib import Path

import click

from iqmetrics.errors import BadInput


@click.command(epilog="Example:  iqm report outputs/ --lang zh --out report.html")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (RUN/report.html).")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of the page.")
def command(run: Path, out: Path | None, lang: str) -> None:
    """Write the HTML report of RUN (a scored folder) again; nothing is scored."""
    from iqmetrics.pipeline.score import STORE, read
    from iqmetrics.store import Store
    from iqmetrics.views.report import page

    folder = run / "iqm" if (run / "iqm" / STORE).exists() else run
    if not (folder / STORE).exists():
        raise BadInput(f"{run} was not scored", "iqm score FOLDER")
    target = out or folder / "report.html"
    if target.is_dir():
        raise BadInput(f"{target} is a folder", f"Name the file: --out {target / 'report.html'}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with Store(folder / STORE) as store:
        result = read(store)
        told = folder / "run.json"  # absent when Python scored, or while the first run goes on
        try:
            protocol = json.loads(told.read_text("utf-8"))
        except FileNotFoundError:
            protocol = {"scorers": [scorer.to_json() for scorer in result.scorers]}
        except ValueError as error:
            raise BadInput(f"{told} is damaged: {error}", "iqm score writes it again") from error
        page.write(result, protocol, target, lang)
    click.echo(f"The report is {target}", err=True)
