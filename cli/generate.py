"""iqm generate: a suite and some models -> images and their manifest."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click


@click.command(
    epilog="Example:  iqm generate comparison --model v1=diffusers:./model --out runs/v1"
)
@click.argument("suite")
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="[NAME=]BACKEND:TARGET",
    help="diffusers:, comfyui:, openai:, hf:, command:, folder:, python:module:Class, or a TOML "
    "file; repeatable. Options behind #, stages of a chain parted by ' >> '.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Where images and manifest go."
)
@click.option("--measure", is_flag=True, help="One at a time, timed, with memory figures.")
@click.option("--seeds", metavar="N,N,...", help="These seeds instead of the suite's.")
@click.option("--limit", type=click.IntRange(1), help="Only the first prompts of the suite.")
@click.option("--retry-refused", is_flag=True, help="Ask again for what a provider refused.")
@click.option("--strict", is_flag=True, help="Exit 3 unless every requested image exists.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    suite: str,
    models: tuple[str, ...],
    out: Path,
    seeds: str | None,
    strict: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Make comparable images: same prompts, seeds and sizes for every model.

    SUITE is a name from `iqm suites`, a suite file, or FORMAT:FILE for a public benchmark. Run the
    same command again to fill only what is missing.
    """
    from iqmetrics.cli.progress import progress

    from iqmetrics.pipeline.generate import generate
    from iqmetrics.pipeline.models import models as build
    from iqmetrics.suites.load import load

    made = generate(
        load(suite),
        build(models),
        out,
        seeds=_numbers(seeds),
        progress=progress(quiet),
        **options,
    )
    click.echo(json.dumps([_facts(m) for m in made], indent=1) if as_json else _table(made))
    for line in _notes(made, all_of_them=not quiet):
        click.echo(line, err=True)
    exist = [m.made + m.kept for m in made]
    if not quiet:
        click.echo(_next(made, out), err=True)
    if not any(exist):
        return 3
    return 3 if strict and any(m.failed for m in made) else 0


def _numbers(text: str | None) -> tuple[int, ...]:
    from iqmetrics.errors import BadInput

    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise BadInput(f"--seeds {text} is not a list of numbers", "--seeds 0,1,2,3") from error


def _facts(made: Any) -> dict[str, Any]:
    return {**asdict(made), "not_applied": sorted(made.not_applied)}


def _table(made: list[Any]) -> str:
    from iqmetrics.render import screen, table

    rows = [
        [
            m.model,
            str(m.made),
            str(m.kept),
            ", ".join(f"{n} {kind}" for kind, n in sorted(m.failures.items())) or "0",
        ]
        for m in made
    ]
    return table(["model", "made", "already there", "failed"], rows, screen(), ["failed"])


def _next(made: list[Any], out: Path) -> str:
    """What to do now: fill what is missing, and score what there is."""
    told = []
    if any(set(m.failures) - {"refused"} for m in made):
        told.append("Run the same command again to fill what is missing.")
    if any("refused" in m.failures for m in made):
        told.append("--retry-refused asks again for what was refused.")
    if any(m.made + m.kept for m in made):
        told.append(f"Images and manifest are in {out}; next: iqm score {out}")
    else:
        told.append(f"No image was made; the manifest in {out} says why.")
    return "\n".join(told)


def _notes(made: list[Any], all_of_them: bool) -> list[str]:
    """What is missing and why, also of a quiet run; and what a model does not take."""
    from iqmetrics.render import count

    told = []
    for m in made:
        if m.failed:
            lack = f"{count(m.failed, 'image')} {'is' if m.failed == 1 else 'are'} missing"
            told.append(f"{m.model}: {lack}, the first because: {m.reason}")
        if m.not_applied and all_of_them:
            told.append(f"{m.model} does not take: {', '.join(sorted(m.not_applied))}")
    return told
