"""iqm scorers: what can be measured."""

import json
from dataclasses import asdict
from typing import Any

import click

from iqmetrics import plugins
from iqmetrics.errors import IqmError
from iqmetrics.render import screen, table


@click.command(epilog="Example:  iqm scorers niqe")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(name: str | None, as_json: bool) -> None:
    """List the scorers, or explain one: metrics, ranges, directions, options, licence."""
    if name is not None:
        scorer = plugins.make("scorer", name)
        click.echo(json.dumps(_facts(scorer), indent=1) if as_json else _page(scorer))
        return
    known = {n: _try(n) for n in sorted(plugins.names("scorer"))}
    if as_json:
        click.echo(
            json.dumps(
                {n: _facts(s) if not isinstance(s, str) else s for n, s in known.items()}, indent=1
            )
        )
        return
    rows = [[n, *_line(s)] for n, s in known.items()]
    click.echo(table(["scorer", "scope", "licence", "metrics"], rows, screen(), ["metrics"]))


def _try(name: str) -> Any:
    try:
        return plugins.make("scorer", name)
    except IqmError as error:
        return f"{error.message}: {error.hint}"


def _line(scorer: Any) -> list[str]:
    if isinstance(scorer, str):
        return ["", "", scorer]
    return [scorer.scope, scorer.licence, ", ".join(m.name for m in scorer.metrics)]


def _facts(scorer: Any) -> dict[str, Any]:
    from iqmetrics.scorers.base import options, uses, weights

    return {
        "name": scorer.name,
        "version": scorer.version,
        "scope": scorer.scope,
        "licence": scorer.licence,
        "uses": list(uses(scorer)),
        "weights": list(weights(scorer)),
        "options": {key: repr(value) for key, value in options(scorer).items()},
        "metrics": [asdict(metric) for metric in scorer.metrics],
    }


def _page(scorer: Any) -> str:
    from inspect import getdoc

    facts = _facts(scorer)
    rows = [[m["name"], m["unit"], _range(m), m["better"], m["about"]] for m in facts["metrics"]]
    lines = [
        f"{scorer.name} (version {scorer.version}, {scorer.scope} scope, {scorer.licence})",
        "",
        getdoc(type(scorer)) or "",
        "",
        table(["metric", "unit", "range", "better", "about"], rows, screen(), ["about"]),
    ]
    if facts["options"]:
        lines += [
            "",
            "Options:",
            *(f"  {key} = {value}" for key, value in facts["options"].items()),
        ]
    return "\n".join(lines)


def _range(metric: dict[str, Any]) -> str:
    low, high = metric["low"], metric["high"]
    return f"{'' if low is None else low}..{'' if high is None else high}"
