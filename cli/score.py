"""iqm score: the main job."""

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iqmetrics.errors import BadInput, IqmError
from iqmetrics.records import Scorecard
from iqmetrics.remote import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iqmetrics.store import Store


class _Target(click.Path):
    """A path, or a URL as it is written."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """A `Path` would make one slash of two, and of no name the folder where we are."""
        if value == "":
            raise BadInput("a folder or file without a name", "Is a variable of the shell empty?")
        return value if is_remote(str(value)) else super().convert(value, param, ctx)


TARGET = _Target(path_type=Path)


@click.command(epilog="Example:  iqm score outputs/ --prompts prompts.csv")
@click.argument(
    "targets", nargs=-1, required=True, metavar="FOLDER...|FILES...|LIST.parquet", type=TARGET
)
@click.option("--out", type=click.Path(path_type=Path), help="Where results go (FOLDER/iqm).")
@click.option("--include", multiple=True, metavar="GLOB", help="Only images whose path matches.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No image whose path matches.")
@click.option("--limit", type=click.IntRange(1), help="At most so many images.")
@click.option("--split-grids", is_flag=True, help="Take files with 2x2 pictures apart.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the nets run.",
)
@click.option("--workers", type=click.IntRange(0), help="Decoding processes (one a core).")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This machine, or many.",
)
@click.option("--address", metavar="HOST:PORT", help="With --engine ray: the head of a cluster.")
@click.option(
    "--preset", default="standard", show_default=True, help="A shipped preset, or a file."
)
@click.option(
    "--scorer",
    "scorers",
    multiple=True,
    metavar="NAME",
    help="Only this scorer; repeatable; also module:Class.",
)
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, exists=True),
    help="CSV, TSV or JSONL with the prompt of each image.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of pictures to compare each model with: FID and KID.",
)
@click.option(
    "--text", "texts", multiple=True, help="A string that every image must show; repeatable."
)
@click.option(
    "--model-from", type=click.Choice(["folder", "metadata"]), help="What names the model."
)
@click.option("--allow-download", is_flag=True, help="Fetch weights that are not here.")
@click.option("--strict", is_flag=True, help="Exit 3 unless every metric is ok or not applicable.")
@click.option("--json", "as_json", is_flag=True, help="Print scorecard.json instead of a table.")
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
def command(
    targets: tuple[Path | str, ...],
    out: Path | None,
    allow_download: bool,
    strict: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Score a folder of images: one scorecard per model, CSV files, a resumable record.

    Prompt, model and seed are found in the images, in files beside them and in folder names.
    Run it again to score only what is new.
    """
    from iqmetrics.cli.progress import progress
    from iqmetrics.cli.summary import summary, where

    from iqmetrics.pipeline import scorecard_file, unchanged
    from iqmetrics.pipeline.alone import alone
    from iqmetrics.pipeline.score import run_listing
    from iqmetrics.pipeline.settings import Settings
    from iqmetrics.pipeline.targets import look
    from iqmetrics.render import screen
    from iqmetrics.views import outputs, terminal

    if allow_download:
        os.environ["IQM_ALLOW_DOWNLOAD"] = "1"
    settings = Settings(**{**options, "texts": options["texts"] or None})
    with _results(targets, out) as folder, alone(folder, "score"), _store(folder) as store:
        target = targets[0] if len(targets) == 1 else targets
        listing = look(target, store, settings)
        results = [folder / name for name in outputs.FILES]
        written = folder / "scorecard.json"
        seen = unchanged.check(store, listing, settings, results, written)
        if seen.same and (card := _stored(written)) is not None:
            click.echo(
                written.read_text("utf-8") if as_json else terminal.scorecard(card, screen())
            )
            if not quiet:
                same = "Nothing changed since the last run."
                click.echo(where(screen(sys.stderr), same, f"Results are in {folder}"), err=True)
            return _exit_code(card, strict)
        result = run_listing(listing, store, settings, progress(quiet))
        outputs.write(result, settings, folder)
        unchanged.remember(store, seen, result, written)
        click.echo(
            scorecard_file.dump(result.scorecard)
            if as_json
            else terminal.scorecard(result.scorecard, screen())
        )
        if not quiet:
            click.echo(summary(result, folder, screen(sys.stderr)), err=True)
        return 130 if result.interrupted else _exit_code(result.scorecard, strict)


def _stored(path: Path) -> Scorecard | None:
    """The rows of the last run's scorecard; None where they cannot be read: it is made again."""
    from iqmetrics.pipeline import scorecard_file

    try:
        return scorecard_file.load_rows(path)
    except BadInput:
        return None


@contextmanager
def _results(targets: tuple[Path | str, ...], out: Path | None) -> "Iterator[Path]":
    """The folder of results; one that was made for a run that never began is gone again."""
    folder = _out_folder(targets, out)
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".write-test").touch()
        (folder / ".write-test").unlink()
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be written: {error.strerror}", "Choose another folder: --out DIR"
        ) from error
    try:
        yield folder
    except IqmError:
        if made:
            with suppress(OSError):  # something is in it
                folder.rmdir()
        raise


@contextmanager
def _store(folder: Path) -> "Iterator[Store]":
    """The store; one that knows nothing yet is taken back when the run cannot begin."""
    from iqmetrics.pipeline.score import STORE
    from iqmetrics.store import Store

    path = folder / STORE
    unused = not path.exists()
    try:
        with Store(path) as store:
            try:
                yield store
            finally:
                unused = unused and store.is_empty()
    except IqmError:
        if unused:
            path.unlink(missing_ok=True)
        raise


def _out_folder(targets: tuple[Path | str, ...], out: Path | None) -> Path:
    from iqmetrics.pipeline.targets import are_folders

    if out is not None:
        for target in targets:
            if isinstance(target, Path) and target.is_dir() and target.resolve() == out.resolve():
                raise BadInput(
                    f"results in {out} would lie among the images that are scored",
                    "Leave --out away (results then go to FOLDER/iqm), or name another folder",
                )
        return out
    if are_folders(targets):
        raise BadInput(
            "several folders are given, and it is not said where their results go",
            "Add --out DIR",
        )
    base = Path.cwd()
    if len(targets) == 1 and isinstance(targets[0], Path) and targets[0].is_dir():
        base = targets[0]
    for target in targets:
        if isinstance(target, Path) and not target.exists():
            raise BadInput(f"{target} does not exist", "Give a folder of images, or image files")
    return base / "iqm"


def _exit_code(card: Scorecard, strict: bool) -> int:
    """3 when nothing was measured: what is derived from readings (`usable`) is no proof of it."""
    from iqmetrics.pipeline.usable_rule import DERIVED

    measured = (row for row in card.rows if row.scorer not in DERIVED)
    statuses = {status for row in measured for status in row.coverage}
    if not statuses & {"ok", "not_applicable", "abstained"}:
        return 3
    return 3 if strict and statuses - {"ok", "not_applicable"} else 0
