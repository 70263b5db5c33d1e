"""iqm serve: look at a scored folder in a browser, and feed spreadsheets."""

import re
import secrets
import sys
from pathlib import Path

import click

from iqmetrics.errors import BadInput, Unavailable


@click.command(epilog="Example:  iqm serve outputs/ --port 8123")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8123,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Where it listens.",
)
@click.option(
    "--name", "names", multiple=True, help="Host names that are answered, beyond loopback."
)
@click.option("--token", help="The secret part of feed addresses (made up if not given).")
def command(run: Path, host: str, port: int, names: tuple[str, ...], token: str | None) -> None:
    """Serve RUN (a scored folder): live scorecard, images, report and CSV feed.

    Listens on this machine only. Beyond loopback every page needs the token that is printed.
    """
    from iqmetrics.pipeline.score import STORE
    from iqmetrics.views import serve

    folder = run / "iqm" if (run / "iqm" / STORE).exists() else run
    if not (folder / STORE).exists():
        raise BadInput(f"{run} was not scored", "iqm score FOLDER")
    try:
        import uvicorn
    except ImportError as error:
        raise Unavailable.extra("iqm serve", "uvicorn", "serve") from error
    if token and not re.fullmatch(r"[A-Za-z0-9._~-]+", token):
        raise BadInput(
            f"--token {token} cannot stand in an address", "Letters, digits and - . _ ~ can"
        )
    token = token or secrets.token_urlsafe(18)
    local = host in ("127.0.0.1", "localhost", "::1")
    hosts = serve.LOOPBACK if local else (host, *names)
    app = serve.application(folder, token, hosts, locked=not local)
    site = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    page = f"{site}/" + ("" if local else f"?token={token}")
    click.echo(f"Serving {folder} at {page}", err=True)
    click.echo(f"CSV feed: {site}/feed/{token}/scorecard.csv", err=True)
    sys.setswitchinterval(0.0005)  # a page does not wait for the thread that reads the store
    try:
        uvicorn.run(app, host=host, port=port, log_level="warning")
    except SystemExit as error:  # so uvicorn leaves when it cannot listen; it has said why
        raise BadInput(f"nothing is served at {host}:{port}", "Another port: --port N") from error
