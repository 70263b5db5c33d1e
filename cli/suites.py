"""iqm suites: which prompts there are."""

import json
from dataclasses import asdict

import click


@click.command(epilog="Example:  iqm suites comparison --jsonl > my-suite.jsonl")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--jsonl", "as_jsonl", is_flag=True, help="Print the prompts as a JSONL suite.")
@click.option("--toml", "as_toml", is_flag=True, help="Print the prompts as a TOML suite.")
def command(name: str | None, as_json: bool, as_jsonl: bool, as_toml: bool) -> None:
    """List the prompt suites, or show one; also reads public benchmarks: FORMAT:FILE.

    FORMAT is partiprompts, drawbench, geneval, t2i-compbench, dpg-bench, longtext-bench, oneig or
    hpdv2, FILE the prompt file that the benchmark publishes.
    """
    from iqmetrics.errors import BadInput
    from iqmetrics.render import screen, table
    from iqmetrics.suites import files
    from iqmetrics.suites.load import load
    from iqmetrics.suites.plan import plan

    if name is None:
        if as_jsonl or as_toml:
            raise BadInput("it is not said which suite to print", "Name one: iqm suites")
        rows = []
        for title in files.shipped():
            suite = files.load_shipped(title)
            count = (len(suite.prompts), len(plan(suite)), suite.pick)
            rows.append([title, *count, files.about(title)])
        if as_json:
            keys = ("name", "prompts", "images", "pick", "about")
            click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=1))
            return
        shown = [[str(cell) for cell in row] for row in rows]
        header = ["suite", "prompts", "images", "pick", "about"]
        click.echo(table(header, shown, screen(), ["about"]))
        return
    suite = load(name)
    if as_jsonl:
        click.echo(files.to_jsonl(suite), nl=False)
    elif as_toml:
        click.echo(files.to_toml(suite), nl=False)
    elif as_json:
        click.echo(json.dumps(asdict(suite), indent=1, ensure_ascii=False))
    else:
        lines = [
            [p.id, p.language, " ".join(p.tags), " | ".join(p.texts or ()), p.text]
            for p in suite.prompts
        ]
        header = ["id", "language", "tags", "texts", "prompt"]
        click.echo(table(header, lines, screen(), header[2:]))
