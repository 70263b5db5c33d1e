"""iqm doctor: what this machine has, and the command for what it lacks."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from iqmetrics.folding import COMMAND
from iqmetrics.render import screen, table

if TYPE_CHECKING:
    from iqmetrics.pipeline.checkup import Check


@click.command(epilog="Example:  iqm doctor --deep")
@click.option("--deep", is_flag=True, help="Also import torch and look at the device.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(deep: bool, as_json: bool) -> int:
    """Check packages, weights, image formats, database, disk and (--deep) the device.

    What is absent is optional; exit code 2 when something is broken.
    """
    from iqmetrics.pipeline.checkup import checks

    found = list(checks(deep))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], indent=1))
    else:
        click.echo(_table(found))
    return 2 if any(check.state == "broken" for check in found) else 0


def _table(checks: "Sequence[Check]") -> str:
    """The findings, each with its way out below it; alike ones share a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for check in checks:
        kind, _, name = check.what.partition(" ")
        many = kind == "weights" and not check.fix
        place = (check.state, kind if many else check.what, check.told, check.fix)
        alike.setdefault(place, []).extend([name] if many else [])
    rows: list[list[str]] = []
    for (state, what, told, fix), names in alike.items():
        rows.append([state, what, f"{', '.join(names)}: {told}" if names else told])
        rows += [["", "", COMMAND + fix]] if fix else []
    return table(["state", "what", "found"], rows, screen(), ["found"])
