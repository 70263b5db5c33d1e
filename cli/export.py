"""iqm export: the tables of a scored folder for spreadsheets and data frames."""

from collections.abc import Callable
from pathlib import Path

import click

from iqmetrics.errors import BadInput
from iqmetrics.remote import is_remote


@click.command(epilog="Example:  iqm export outputs/ --out feed/ --xlsx --parquet")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", required=True, help="Where the files go; also s3://... with --parquet.")
@click.option("--excel", is_flag=True, help="CSV with a BOM, opened by double-click.")
@click.option("--delimiter", default=",", help="With --excel: between cells.")
@click.option("--decimal", default=".", help="With --excel: in numbers.")
@click.option("--xlsx", is_flag=True, help="One workbook with thumbnails.")
@click.option("--parquet", is_flag=True, help="Parquet files.")
@click.option(
    "--part-rows", type=click.IntRange(1), help="With --parquet: a folder of parts a table."
)
def command(
    run: Path,
    out: str,
    excel: bool,
    delimiter: str,
    decimal: str,
    xlsx: bool,
    parquet: bool,
    part_rows: int | None,
) -> None:
    """Write the tables of RUN (a scored folder) again in other forms; nothing is scored."""
    from iqmetrics.views import export

    if not (excel or xlsx or parquet):
        raise BadInput(
            "export to which form?", "Add --excel, --xlsx or --parquet; plain CSV is already in RUN"
        )
    folder = run / "iqm" if (run / "iqm" / "scorecard.csv").exists() else run
    for name in export.TABLES:
        if not (folder / f"{name}.csv").exists():
            raise BadInput(f"{folder / name}.csv does not exist", "iqm score FOLDER writes it")
    if is_remote(out) and (excel or xlsx):
        raise BadInput(f"only Parquet is written to {out}", "Drop --excel and --xlsx")
    here = Path(out)
    if not is_remote(out):
        if here.suffix in (".csv", ".xlsx", ".parquet") and not here.is_dir():
            raise BadInput(f"{out} looks like a file", "--out is the folder of all the tables")
        here.mkdir(parents=True, exist_ok=True)
    written = []
    for name in export.TABLES:
        source = folder / f"{name}.csv"
        if excel:
            export.excel_csv(source, here / f"{name}.csv", delimiter, decimal)
            written.append(f"{name}.csv")
        if parquet:
            target = f"{out.rstrip('/')}/{name}" + ("" if part_rows else ".parquet")
            made = export.parquet(source, target, part_rows or 0)
            written.append(f"{name} ({len(made)} parts)" if part_rows else f"{name}.parquet")
    if xlsx:
        export.workbook(folder, here / "scores.xlsx", _thumbnails(folder))
        written.append("scores.xlsx")
    click.echo(f"{', '.join(written)} in {out}", err=True)


def _thumbnails(folder: Path) -> Callable[[str], bytes | None]:
    from iqmetrics.store import Store

    store = Store(folder / "scores.sqlite")
    known = {row.path: row.sha256 for row in store.files()}

    def find(image: str) -> bytes | None:
        return store.thumbnail(known.get(image, ""))

    return find
