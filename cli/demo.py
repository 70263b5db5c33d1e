"""iqm demo: from prompts to a report in a minute, with two tiny models and a tiny CLIP."""

from pathlib import Path

import click

NEXT = """5. report: open {out}/report.html

Every file is in {out}: scorecard.csv, report.html, verdict.json, compare.txt.
The tiny models only know 64-pixel scenes of shapes, counts and short words. More of them:
  iqm generate SUITE --model "tiny=diffusers:{out}/models/v2#steps=8,guidance=2.5" --out more/
Now your own:
  iqm score FOLDER                 any folder of images
  iqm generate comparison --model v1=diffusers:MODEL --out runs/v1
  iqm compare {out} --model v1 --model v2 --by tag
  iqm serve {out}"""


@click.command(epilog="Example:  iqm demo --out demo/")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("iqm-demo"),
    show_default=True,
    help="Where images and results go.",
)
@click.option("--limit", type=click.IntRange(1), help="Only the first prompts of the suite.")
@click.option("--quiet", is_flag=True, help="No progress and no explanations.")
def command(out: Path, limit: int | None, quiet: bool) -> int:
    """Generate, score, compare, gate and report, with two tiny models; no network, no GPU.

    Run it again and only what is missing is made.
    """
    from iqmetrics.cli.progress import progress

    from iqmetrics.views.demo import run_all

    def say(text: str) -> None:
        if not quiet:
            click.echo(text + "\n")

    run_all(out, say, progress(quiet), limit)
    if not quiet:
        click.echo(NEXT.format(out=out))
    return 0
