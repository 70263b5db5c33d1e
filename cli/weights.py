"""iqm weights: find, fetch, verify and carry weight files; their licences."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from iqmetrics.errors import IqmError
from iqmetrics.render import screen, table

EPILOG = "Example:  iqm weights pull clip-vit-b-32"


@click.group(name="weights", epilog=EPILOG)
def command() -> None:
    """Weight files: what is known, what is here, under which licence. Only `pull` downloads."""


@command.command("list", epilog="Example:  iqm weights list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def list_weights(as_json: bool) -> None:
    """Every known weight: its licence, who uses it, whether it is here. The licence ledger."""
    from iqmetrics import weights

    rows = [(line, weights.has(name)) for name, line in sorted(weights.ledger().items())]
    if as_json:
        click.echo(json.dumps([{**asdict(line), "here": here} for line, here in rows], indent=1))
        return
    header = ["weight", "here", "MB", "licence", "commercial", "used by", "source"]
    shown = [_row(line, here) for line, here in rows]
    click.echo(table(header, shown, screen(), ["used by", "source"]))


@command.command(epilog=EPILOG)
@click.argument("names", nargs=-1, required=True)
@click.option("--quiet", is_flag=True, help="No progress.")
def pull(names: tuple[str, ...], quiet: bool) -> None:
    """Download weights into IQM_WEIGHTS_DIR: resumed where it stopped, verified before use."""
    from iqmetrics import weights
    from iqmetrics.weights import download

    for line in [weights.entry(name) for name in names]:
        path = download.pull(line, (lambda *_: None) if quiet else None)
        click.echo(str(path))


@command.command(epilog="Example:  iqm weights verify")
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> int:
    """Compare the files that are here with the ledger; exit code 2 when one is wrong."""
    from iqmetrics import weights

    rows, wrong = [], False
    for name in names or sorted(weights.ledger()):
        found = weights.look(weights.entry(name))
        if found is None:
            rows.append([name, "absent", f"iqm weights pull {name}"])
            continue
        wrong |= found.state == "wrong"
        rows.append([name, found.state, f"{found.sha256}  {found.path}"])
    header = ["weight", "state", "sha256 and file"]
    click.echo(table(header, rows, screen(), header[2:]))
    return 2 if wrong else 0


@command.command(epilog="Example:  iqm weights bundle weights.tar clip-vit-b-32 musiq-koniq")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("names", nargs=-1)
def bundle(archive: Path, names: tuple[str, ...]) -> None:
    """Write weights that are here into one ARCHIVE for machines without network."""
    from iqmetrics import weights
    from iqmetrics.weights import bundle as bundles

    chosen = names or [n for n, w in weights.ledger().items() if not w.embedded and weights.has(n)]
    if not chosen:
        raise IqmError("no weights to bundle are here", EPILOG.removeprefix("Example:  "))
    packed = bundles.pack([weights.entry(name) for name in chosen], archive)
    click.echo(f"{archive}: {', '.join(packed)}", err=True)


@command.command("import", epilog="Example:  iqm weights import weights.tar")
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_bundle(archive: Path) -> None:
    """Put the weights of a bundle where iqm looks; every file is verified first."""
    from iqmetrics.weights import bundle as bundles

    click.echo(f"imported: {', '.join(bundles.unpack(archive))}", err=True)


def _row(line: Any, here: bool) -> list[str]:
    return [
        line.name,
        "yes" if here else "no",
        f"{line.bytes / 1e6:.1f}" if line.bytes else "?",
        line.licence,
        "yes" if line.commercial else "no",
        ", ".join(line.used_by),
        line.source,
    ]
