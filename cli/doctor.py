"""iqm doctor: what this machine has, and the command for what it lacks."""

import json
from dataclasses import asdict

import click

from iqmetrics.render import table


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
        rows = [[c.state, c.what, c.told + (f"  ->  {c.fix}" if c.fix else "")] for c in found]
        click.echo(table(["state", "what", "found"], rows))
    return 2 if any(check.state == "broken" for check in found) else 0
