"""iqm generators: what can make images."""

import json
from dataclasses import MISSING, fields
from typing import Any

import click


@click.command(epilog="Example:  iqm generators comfyui")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(name: str | None, as_json: bool) -> None:
    """List what can stand before the colon of `--model`, or explain one: options, example."""
    from iqmetrics import plugins
    from iqmetrics.render import screen, table

    if name is not None:
        kind = plugins.resolve("generator", name)
        facts = {"name": name, "about": _about(kind), "options": _options(kind)}
        click.echo(json.dumps(facts, indent=1) if as_json else _page(facts))
        return
    known = {n: plugins.resolve("generator", n) for n in sorted(plugins.names("generator"))}
    rows = [
        [n, _about(kind).split("\n")[0], ", ".join(_options(kind))] for n, kind in known.items()
    ]
    if as_json:
        keys = ("name", "about", "options")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=1))
        return
    header = ["generator", "about", "options"]
    click.echo(table(header, rows, screen(), header[1:]))


def _about(kind: Any) -> str:
    from inspect import getdoc

    return getdoc(kind) or ""


def _options(kind: Any) -> dict[str, str]:
    """Option -> its default as text; "" for what must be given."""
    found = {}
    for one in fields(kind):
        if one.init:
            factory = {} if one.default_factory is not MISSING else ""
            found[one.name] = repr(one.default) if one.default is not MISSING else str(factory)
    return found


def _page(facts: dict[str, Any]) -> str:
    lines = [f"{facts['name']}:", "", facts["about"], "", "Options:"]
    told = (f"  {k} = {v}" if v else f"  {k} (required)" for k, v in facts["options"].items())
    return "\n".join([*lines, *told])
