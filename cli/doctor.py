"""iqm doctor: what this machine has, and the command for what it lacks."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from iqmetrics.render import table

if TYPE_CHECKING:
    from iqmetrics.pipeline.checkup import Check

LEAST = 40
"""Characters that the last column has at least, however narrow the window."""


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
        click.echo(_table(found, get_terminal_size().columns))
    return 2 if any(check.state == "broken" for check in found) else 0


def _table(checks: "Sequence[Check]", width: int) -> str:
    """The findings, folded into a window of `width` columns; alike ones share a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for check in checks:
        kind, _, name = check.what.partition(" ")
        many = kind == "weights" and not check.fix
        place = (check.state, kind if many else check.what, check.told, check.fix)
        alike.setdefault(place, []).extend([name] if many else [])
    taken = max((len(state) + len(what) for state, what, *_ in alike), default=0)
    room = max(LEAST, width - taken - 4)
    rows: list[list[str]] = []
    for (state, what, told, fix), names in alike.items():
        lines = _folded(f"{', '.join(names)}: {told}" if names else told, room)
        lines += _command(f"-> {fix}", room) if fix else []
        rows += [[state, what, lines[0]], *(["", "", line] for line in lines[1:])]
    return table(["state", "what", "found"], rows)


def _folded(text: str, room: int) -> list[str]:
    return wrap(text, room, break_long_words=False, break_on_hyphens=False)


def _command(text: str, room: int) -> list[str]:
    """A command over several lines, to be pasted as they are."""
    *lines, last = _folded(text, room - 2)
    return [*(f"{line} \\" for line in lines), last]
