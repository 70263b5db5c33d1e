"""Tables that describe images: CSV, TSV, JSONL, JSON, Parquet; one row an image or a prompt.

Known columns (any case): the file (`file_name`, `image`, `path` ...), `prompt` or `text`,
`negative`, `model`, `seed`, `steps`, `width`, `height`, `prompt_id` or `id`, `texts`, `tags`; all
others are kept in `params`. Hugging Face's `metadata.csv|jsonl` and `manifest.jsonl` are such
tables.
"""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from iqmetrics.csv_text import ends_in_quotes
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.metadata.facts import Facts, number, plain, size_of, whole

MAX_BYTES = 1 << 30
MAX_FIELD = 16 << 20

FILE = ("file_name", "filename", "image", "image_path", "path", "file", "img", "img_path", "output")
PROMPT = ("prompt", "text", "caption", "prompt_en", "positive", "positive_prompt", "description")
NEGATIVE = ("negative", "negative_prompt", "uc")
MODEL = ("model", "model_name", "generator")
SEED = ("seed",)
PROMPT_ID = ("prompt_id", "id", "pid", "prompt_index")
TEXTS = ("texts", "ocr_text", "expected_text")
TAGS = ("tags", "tag", "category", "class")
SIZE = ("size", "resolution", "requested_size")
WORDS = frozenset((*PROMPT, *NEGATIVE, *TEXTS))
"""Columns of free text, in which a delimiter without quotes would cut what was asked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the file it names ("" = none), its facts, and its number in the table."""

    file: str
    facts: Facts
    number: int
    failed: str = ""
    """Why a requested image does not exist (a manifest's failures), else ""."""


def read_table(path: str, source: str = "") -> list[Row]:
    """All rows of a table.

    Raises:
        BadInput: the file cannot be read or is no table; says where.
    """
    name = source or path
    if path.lower().endswith(".parquet"):
        return [row_of(row, name, n) for n, row in enumerate(_parquet_rows(path, name), 1)]
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise BadInput(f"{name} is over {MAX_BYTES >> 20} MiB", "Split the table.")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # "Unicode text" of Excel
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace" if wide else "surrogateescape")
    low = path.lower()
    if low.endswith((".jsonl", ".ndjson", ".json")):
        rows = _json_rows(text, name)
    else:
        rows = _csv_rows(text, "\t" if low.endswith((".tsv", ".tab")) else "", name)
    return [row_of(row, name, n) for n, row in enumerate(rows, 1)]


def described(rows: list[Row], name: str) -> list[Row]:
    """The rows, if they speak of images or prompts and their prompts are text.

    Raises:
        BadInput: no row names an image or a prompt, or a prompt is in an unknown code page; a
            guess at it would judge images by other words than were asked for.
    """
    if rows and not any(r.file or r.facts.prompt or r.facts.prompt_id or r.failed for r in rows):
        known = "file_name or image, prompt or text, prompt_id"
        raise BadInput(f"{name} has no column that names an image or a prompt", f"Known: {known}")
    for row in rows:
        if any("\udc80" <= letter <= "\udcff" for letter in row.facts.prompt or ""):
            raise BadInput(
                f"{name}, row {row.number}: the prompt is not UTF-8",
                "Save the table as CSV UTF-8 (Excel: 'CSV UTF-8', not 'CSV')",
            )
    return rows


def _parquet_rows(path: str, name: str) -> list[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowException
        from pyarrow import parquet as pq
    except ImportError as error:
        raise Unavailable.extra("a Parquet table", "pyarrow", "tables") from error
    try:
        found: list[Mapping[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, ArrowException) as error:
        raise BadInput(f"{name} is no Parquet table: {error}") from error
    return found


def _json_rows(text: str, name: str) -> list[Mapping[str, Any]]:
    try:
        whole_file = json.loads(text)
    except RecursionError as error:
        raise BadInput(f"{name} is nested too deeply") from error
    except ValueError:
        return [
            _json_line(line, name, n) for n, line in enumerate(text.split("\n"), 1) if line.strip()
        ]
    if isinstance(whole_file, dict):
        values = list(whole_file.values())
        if values and all(isinstance(value, dict) for value in values):
            return [{"file_name": key, **value} for key, value in whole_file.items()]
        if (
            values
            and all(isinstance(v, str) for v in values)
            and not set(whole_file) & {*PROMPT, *FILE}
        ):
            return [{"file_name": key, "prompt": value} for key, value in whole_file.items()]
        return [whole_file]
    if isinstance(whole_file, list) and all(isinstance(row, dict) for row in whole_file):
        return whole_file
    raise BadInput(f"{name} is not a table", "One JSON object a line, or a list of objects.")


def _json_line(line: str, name: str, n: int) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{name}, line {n}, is not JSON: {error}", "One JSON object a line."
        ) from error
    if not isinstance(row, dict):
        raise BadInput(f"{name}, line {n}, is not a JSON object", "One JSON object a line.")
    return row


def _csv_rows(text: str, delimiter: str, name: str) -> list[Mapping[str, Any]]:
    header = text.split("\n", 1)[0]
    if not delimiter:
        delimiter = max(",;\t", key=header.count)
    csv.field_size_limit(MAX_FIELD)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = list(reader)
    except csv.Error as error:
        raise BadInput(f"{name} is not a table: {error}") from error
    if ends_in_quotes(text, delimiter):
        raise BadInput(
            f"{name} ends inside a field in quotes", "Was it cut short? Close the last quote"
        )
    last = (reader.fieldnames or [""])[-1].strip().lower()
    for n, row in enumerate(rows, 1):
        if last in WORDS and any(row.get(None) or ()):  # type: ignore[call-overload]
            raise BadInput(
                f"{name}, row {n}, has more fields than there are columns",
                f"Put a {last} that holds {delimiter!r} in quotes",
            )
    return [{str(k): v for k, v in row.items() if k is not None} for row in rows]


def row_of(row: Mapping[str, Any], source: str, n: int = 1) -> Row:
    """One row with its columns recognised."""
    cells = {key.strip().lower(): value for key, value in row.items() if value not in (None, "")}
    used: set[str] = set()

    def take(names: Iterable[str], kinds: tuple[type, ...] = (str,)) -> Any:
        for name in names:
            if isinstance(cells.get(name), kinds):
                used.add(name)
                return cells[name]
        return None

    status = str(cells.get("status", "ok"))
    size = size_of(cells.get("width"), cells.get("height"))
    if not size and (pair := take(SIZE, (str, list, tuple))):
        pair = pair.lower().replace("×", "x").split("x") if isinstance(pair, str) else pair
        size = size_of(*pair) if len(pair) == 2 else None
    used |= {"width", "height"} if size else set()
    prompt = take(PROMPT)
    if prompt is None and "prompt" in row and row["prompt"] == "":
        prompt = ""
    prompt_id = take(PROMPT_ID, (str, int))
    texts, tags = take(TEXTS, (str, list)), take(TAGS, (str, list))
    facts = Facts(
        source=source,
        prompt=prompt,
        negative=take(NEGATIVE),
        model=take(MODEL) or "",
        seed=whole(take(SEED, (int, float, str))),
        size=size,
        prompt_id=str(prompt_id) if prompt_id is not None else "",
        texts=None if texts is None else _strings(texts),
        tags=_strings(tags) if tags else (),
        params={},
    )
    file = take(FILE)
    params = {k: plain(v) for k, v in cells.items() if k not in used and k != "status"}
    for name in ("steps", "cfg", "latency_s"):
        if (value := number(params.get(name))) is not None:
            params[name] = value
    nested = params.pop("params", None)
    params = {**nested, **params} if isinstance(nested, dict) else params
    failed = (
        "" if status.lower() in ("ok", "done", "success") else str(cells.get("reason") or status)
    )
    return Row(file or "", _with_params(facts, params), n, failed)


def _with_params(facts: Facts, params: dict[str, Any]) -> Facts:
    from dataclasses import replace

    return replace(facts, params=params)


def _strings(value: object) -> tuple[str, ...]:
    """A list of strings: a JSON list, or text parted by `|`, or one string."""
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = [value]
        else:
            value = value.split("|")
    if not isinstance(value, list):
        return ()
    return tuple(str(item).strip() for item in value if str(item).strip())
