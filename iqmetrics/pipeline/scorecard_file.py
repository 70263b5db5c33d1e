"""scorecard.json: a scorecard as a small, committable file that compare and gate can pair with.

Cells are rows under one list of columns: a number where a metric was measured, its status (a
string) where it was not. Sorted, without time stamps: the same scorecard gives the same bytes.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import scorecard_checks
from iqmetrics.pipeline.packed import Packer
from iqmetrics.records import Cell, Scorecard

FORMAT = "iqmetrics-scorecard-1"
_PLACE = ("model", "prompt_id", "seed", "pick", "image")
CELLS = ' "columns": '
"""How the line starts from which on there are only cells."""
_line = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode
WITHOUT_CELLS = ', "columns": [], "cells": []}'


def dump(card: Scorecard) -> str:
    """The text of scorecard.json."""
    return "".join(parts(card))


def parts(card: Scorecard) -> Iterator[str]:
    """The text of scorecard.json, piece by piece."""
    metrics = sorted({name for cell in card.cells for name in (*cell.values, *cell.missing)})
    head = {
        "format": FORMAT,
        "decode_policy": card.decode_policy,
        "scorers": dict(sorted(card.scorers.items())),
        "models": list(card.models),
        **({"tags": {p: list(tags) for p, tags in sorted(card.tags.items())}} if card.tags else {}),
    }
    yield json.dumps(head, ensure_ascii=True, indent=1)[:-2]
    yield ',\n "rows": [\n  '
    yield from _joined(_line(asdict(row)) for row in card.rows)
    yield f"\n ],\n{CELLS}"
    yield _line([*_PLACE, *metrics])
    yield ',\n "cells": [\n  '
    yield from _joined(_line(_row(cell, metrics)) for cell in card.cells)
    yield "\n ]\n}\n"


def _joined(lines: Iterable[str]) -> Iterator[str]:
    between = ""
    for line in lines:
        yield between + line
        between = ",\n  "


def load(path: Path) -> Scorecard:
    """Read a scorecard.json.

    Raises:
        BadInput: the file is absent, is not JSON, or is not a scorecard.
    """
    card = _scorecard(path, _text(path))
    try:
        scorecard_checks.agree(card.rows, card.cells)
    except ValueError as error:
        raise _damaged(path, error) from error
    return card


def load_rows(path: Path) -> Scorecard:
    """Read a scorecard.json without its cells, which are nearly all of it.

    Raises:
        BadInput: the file is absent, is not JSON, or is not a scorecard.
    """
    head: list[str] = []
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.startswith(CELLS):
                    return _scorecard(path, "".join(head).rstrip("\n,") + WITHOUT_CELLS)
                head.append(line)
    except (OSError, ValueError, BadInput):
        pass  # the whole file says better what is wrong, or was only sorted otherwise
    return load(path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise BadInput(
            f"{path} does not exist", "iqm score FOLDER writes FOLDER/iqm/scorecard.json"
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> BadInput:
    return BadInput(f"{path} cannot be read as JSON: {error}", "iqm score FOLDER writes it again")


def _scorecard(path: Path, text: str) -> Scorecard:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise BadInput(f"{path} is not a scorecard of this version of iqmetrics ({FORMAT})")
    try:
        metrics = data["columns"][len(_PLACE) :]
        pack = Packer()
        return Scorecard(
            rows=tuple(scorecard_checks.row(row) for row in data["rows"]),
            cells=tuple(_cell(row, metrics, pack) for row in data["cells"]),
            scorers=data["scorers"],
            decode_policy=data["decode_policy"],
            tags={prompt: tuple(tags) for prompt, tags in data.get("tags", {}).items()},
        )
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> BadInput:
    what = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    return BadInput(f"{path} is a damaged scorecard: {what}", "iqm score FOLDER writes it again")


def _row(cell: Cell, metrics: list[str]) -> list[Any]:
    place = (cell.model, cell.prompt_id, cell.seed, cell.pick, cell.image)
    told = {**cell.missing, **cell.values}
    return [*place, *map(told.get, metrics)]


def _cell(row: list[Any], metrics: list[str], pack: Packer) -> Cell:
    values: dict[str, float] = {}
    missing: dict[str, str] = {}
    for metric, answer in zip(metrics, row[len(_PLACE) :], strict=True):
        if answer is None:
            continue
        if scorecard_checks.is_number(answer):
            values[metric] = answer
        elif isinstance(answer, str) and answer in scorecard_checks.STATUSES:
            missing[metric] = answer
        else:
            raise ValueError(f"{metric} of {row[4]!r} is {answer!r}: no number, no status")
    model, prompt_id, seed, pick, image = row[: len(_PLACE)]
    scorecard_checks.place(model, prompt_id, seed, pick, image)
    return Cell(model, prompt_id, seed, pick, image, pack(values), missing)
