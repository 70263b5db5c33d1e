"""Suite + models -> images and manifest.jsonl; a re-run fills only what is missing."""

import errno
import json
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from iqmetrics.errors import BadInput, IqmError
from iqmetrics.generators.base import Failure, Generator, Request, Result, close, digest, open_
from iqmetrics.pipeline.alone import alone
from iqmetrics.pipeline.image_files import png, save
from iqmetrics.pipeline.manifest import PENDING, Manifest, Row
from iqmetrics.pipeline.models import Model
from iqmetrics.pipeline.progress import Progress, Silent
from iqmetrics.pipeline.requested import IMAGES, Places, Todo, todo_of
from iqmetrics.records import PromptSuite
from iqmetrics.suites.plan import Wanted, plan

FACTS = "generate.json"
WARM_UP = 1_000_003
"""Added to the seed of the image that is made, and dropped, before the first timed one of a size:
another seed, so that no cache serves the timed one."""


@dataclass(slots=True)
class Made:
    """What a run did with one model: numbers of images, failures by kind, and the first reason."""

    model: str
    kept: int = 0
    made: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    not_applied: set[str] = field(default_factory=set)

    @property
    def failed(self) -> int:
        """Number of requested images that do not exist."""
        return sum(self.failures.values())


def generate(
    suite: PromptSuite,
    models: Sequence[Model],
    folder: Path,
    *,
    measure: bool = False,
    seeds: Sequence[int] = (),
    limit: int | None = None,
    retry_refused: bool = False,
    progress: Progress | None = None,
) -> list[Made]:
    """Make every image of a suite with every model.

    With `measure`, images come one at a time and timings and memory are recorded; images that were
    made without are made again.

    Raises:
        BadInput: the folder cannot be written, or no model could even be opened.
    """
    _prepare(folder)
    with alone(folder, "generate"):
        return _fill(
            suite,
            models,
            folder,
            plan(suite, seeds, limit),
            measure,
            retry_refused,
            progress or Silent(),
        )


def _fill(
    suite: PromptSuite,
    models: Sequence[Model],
    folder: Path,
    wanted: Sequence[Wanted],
    measure: bool,
    retry_refused: bool,
    progress: Progress,
) -> list[Made]:
    manifest = Manifest(folder)
    places = Places(manifest.rows.values())
    done: list[Made] = []
    jobs: list[tuple[Model, Made, list[Todo]]] = []
    closed: list[IqmError] = []
    for model in models:
        made = Made(model.name)
        try:
            stamp = digest(model.generator.fingerprint())
        except IqmError as error:
            stamp = ""
            closed.append(error)
        items = [todo_of(suite, model.name, item, stamp, places) for item in wanted]
        todo = []
        for item in items:
            if _is_missing(item.row, manifest, measure, retry_refused):
                todo.append(item)
            elif _exists(item, manifest):
                made.kept += 1
            else:  # refused before: it is not asked again, and there is still no image
                _count(made, "refused", manifest.rows[item.row["file_name"]].get("reason", ""))
        done.append(made)
        jobs.append((model, made, todo))
    manifest.plan(i.row for _, _, todo in jobs for i in todo if not _exists(i, manifest))
    with manifest:
        for model, made, todo in jobs:
            if todo:
                unopened = _run(model, made, todo, manifest, measure, progress)
                closed += [unopened] if unopened else []
    if closed and not any(made.made or made.kept for made in done):
        raise closed[-1]
    return done


def _prepare(folder: Path) -> None:
    try:
        (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be written: {error.strerror}", "Choose another folder: --out DIR"
        ) from error


def _exists(item: Todo, manifest: Manifest) -> bool:
    return manifest.done(item.row["file_name"], item.row["request"])


def _is_missing(row: Row, manifest: Manifest, measure: bool, retry_refused: bool) -> bool:
    name, key = row["file_name"], row["request"]
    if manifest.done(name, key):
        return measure and not manifest.rows[name].get("measured")
    return retry_refused or not manifest.refused(name, key)


def _run(
    model: Model,
    made: Made,
    todo: Sequence[Todo],
    manifest: Manifest,
    measure: bool,
    progress: Progress,
) -> IqmError | None:
    """Make the missing images of one model; the error that kept it from opening, if one did."""
    progress.start(model.name, len(todo))
    try:
        _open(model, measure)
        note(manifest.folder / FACTS, model, measure)
        for group, results in _answers(model.generator, todo, measure):
            for item, result in zip(group, results, strict=True):
                _record(item, result, made, manifest, measure)
            progress.advance(len(group))
    except IqmError as error:
        for item in todo:
            row = manifest.rows[item.row["file_name"]]
            if row["status"] == PENDING:
                manifest.restore(row["file_name"])
                _fail(item, Failure("unreachable", error.message), {}, made, manifest)
            elif measure and not row.get("measured"):
                made.kept += 1
        return error
    finally:
        close(model.generator)
        progress.finish()
    return None


def _open(model: Model, measure: bool) -> None:
    try:
        open_(model.generator, measure)
    except IqmError:
        raise
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        raise BadInput(
            f"{model.name} cannot be opened: {type(error).__name__}: {first}",
            "The other models go on; run the same command again to fill what is missing.",
        ) from error


def note(path: Path, model: Model, measure: bool) -> None:
    """Write down what made the images: fingerprint, versions, card; other models' facts stay."""
    known: dict[str, Any] = {}
    if path.is_file():
        try:
            known = json.loads(path.read_text("utf-8"))
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path} is not JSON", "Move it away; it is written anew.") from error
    known[model.name] = {
        "fingerprint": dict(model.generator.fingerprint()),
        "about": dict(getattr(model.generator, "about", dict)()),
        "measured": measure,
        "iqmetrics": version("iqmetrics"),
        "machine": platform.platform(),
    }
    save(path, (json.dumps(known, indent=1, ensure_ascii=False, default=str) + "\n").encode())


def _answers(
    generator: Generator, todo: Sequence[Todo], measure: bool
) -> Iterator[tuple[Sequence[Todo], list[Result]]]:
    batch = 1 if measure else generator.batch
    warm: set[tuple[int, int]] = set()
    for start in range(0, len(todo), batch):
        group = todo[start : start + batch]
        requests = [item.request for item in group]
        size = requests[0].size
        if measure and size not in warm and getattr(generator, "warms", True):
            _ask(generator, [replace(requests[0], seed=requests[0].seed + WARM_UP)])
        warm.add(size)
        yield group, _ask(generator, requests)


def _ask(generator: Generator, requests: Sequence[Request]) -> list[Result]:
    """The results of a batch; a generator that raises, or answers others, has failed them all."""
    try:
        results = list(generator(requests))
        if [result.id for result in results] != [request.id for request in requests]:
            raise ValueError("the generator answered other requests than it was asked")
    except IqmError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return [Result.failed(request, "failed", reason) for request in requests]
    return results


def _record(item: Todo, result: Result, made: Made, manifest: Manifest, measure: bool) -> None:
    made.not_applied |= set(result.not_applied)
    if result.error or result.image is None:
        error = result.error or Failure("failed", "no image")
        return _fail(item, error, result.telemetry, made, manifest)
    path = manifest.folder / item.row["file_name"]
    data = png(result.image)
    try:
        save(path, data)
    except OSError as error:
        kind = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "failed"
        why = Failure(kind, f"the image cannot be written: {error.strerror}")
        return _fail(item, why, result.telemetry, made, manifest)
    made.made += 1
    manifest.add(
        {
            **item.row,
            "status": "ok",
            "bytes": len(data),
            "sha256": sha256(data).hexdigest(),
            "produced_size": list(result.image.size),
            "applied": dict(result.applied),
            "not_applied": list(result.not_applied),
            "telemetry": dict(result.telemetry),
            "measured": measure,
            "made": _now(),
        }
    )
    return None


def _fail(item: Todo, error: Failure, telemetry: Any, made: Made, manifest: Manifest) -> None:
    _count(made, error.kind, error.reason)
    if manifest.rows[item.row["file_name"]]["status"] == "ok":
        return  # nothing was tried, or only its measurement failed: the image stays with its row
    (manifest.folder / item.row["file_name"]).unlink(missing_ok=True)
    row = {**item.row, "status": error.kind, "reason": error.reason, "made": _now()}
    manifest.add({**row, "telemetry": dict(telemetry)} if telemetry else row)


def _count(made: Made, kind: str, reason: str) -> None:
    made.failures[kind] = made.failures.get(kind, 0) + 1
    made.reason = made.reason or reason


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
