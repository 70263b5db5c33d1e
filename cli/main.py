"""The group `iqm`: commands are loaded when they run, errors become exit codes.

0 done, 1 gate failed, 2 the user can fix it, 3 a bug or nothing scored, 4 inconclusive, 130 ^C.
"""

import errno
import os
import re
import sys
import traceback
from importlib import import_module
from pathlib import Path

import click
from iqmetrics.cli.pipe import deafen

from iqmetrics.errors import IqmError

COMMANDS = {
    "compare": "Compare two models on the same prompts.",
    "export": "Write the tables of a scored folder as Excel CSV, XLSX or Parquet.",
    "gate": "Hold a model update against a stored scorecard.",
    "demo": "Try everything in a minute, on made-up scenes.",
    "doctor": "Check this machine: packages, weights, device, disk.",
    "generate": "Make the images of a prompt suite with some models.",
    "generators": "List what can make images, or explain one.",
    "report": "Write the HTML report of a scored folder again.",
    "score": "Score a folder of images.",
    "scorecard": "Print the scorecard of a scored folder.",
    "weights": "List, fetch, verify and bundle weight files.",
    "serve": "Serve a scored folder to a browser and to spreadsheets.",
    "suites": "List the prompt suites, or show one.",
    "scorers": "List the scorers, or explain one.",
}


class LazyGroup(click.Group):
    """A group whose help is known without importing any command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the table above."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that is asked for."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"iqmetrics.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


def _print_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        click.echo(f"iqm {version('iqmetrics')}")
        ctx.exit()


OUTSIDE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT,
    errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG,
}  # fmt: skip
"""What is wrong with a disk or a path, which its owner can mend and we cannot."""
UNFINISHED = re.compile(r"(\.\d+)?\.new$")
"""What a file that is being written is called behind its own name."""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "IQM"},
    epilog="Example:  iqm score outputs/",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and exit.",
)
def iqm() -> None:
    """Judge text-to-image outputs: images in, scorecards and gates out."""


WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""How threads wait, unless the user says otherwise; OpenBLAS sleeps after 2^4 looks, not 2^26."""


def main(args: list[str] | None = None) -> None:
    """Run `iqm` and exit with the code that tells what happened.

    Threads that wait sleep: by default they spin, which takes the cores from whom they wait for.
    OpenMP (torch) and OpenBLAS (numpy) read how when they are loaded.
    """
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run `iqm`; the exit code as a number."""
    try:
        result = iqm.main(args, prog_name="iqm", standalone_mode=False)
        code = result if isinstance(result, int) else 0
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            deafen()
        return code
    except IqmError as error:
        return _say(error.message, error.hint, error.exit_code)
    except click.ClickException as error:
        if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
            click.echo(error.format_message(), err=True)
            return 2
        if isinstance(error, click.UsageError) and error.ctx is not None:
            return _say(error.format_message(), f"See: {error.ctx.command_path} --help", 2)
        return _say(error.format_message(), "", 2)
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted", "Run the same command again to go on.", 130)
    except SystemExit:
        # So click leaves, with 1, when the reader of stdout is gone.
        deafen()
        return 0
    except OSError as error:
        if error.errno not in OUTSIDE:
            return _bug(error)
        named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        place = f"{UNFINISHED.sub('', named)}: " if named else ""
        return _say(f"{place}{error.strerror}", _way_out(error.errno), 2)
    except Exception as error:
        return _bug(error)


def _way_out(number: int | None) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "Free some room, or name another place."
    if number == errno.ENOENT:
        return "Was it moved or removed in the meantime? Run the same command again."
    return "Name another place, or ask its owner."


def _say(message: str, hint: str, code: int) -> int:
    click.echo(f"Error: {message}" + (f"\n  {hint}" if hint else ""), err=True)
    return code


def _bug(error: Exception) -> int:
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w",
        prefix="iqm-error-",
        suffix=".log",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as log:
        traceback.print_exception(error, file=log)
    name = Path(log.name)
    return _say(f"a bug in iqm: {type(error).__name__}: {error}", f"The traceback is in {name}", 3)


if __name__ == "__main__":
    main()
