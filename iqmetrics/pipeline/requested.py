"""One image of a suite as asked of one model: its request and its row of the manifest."""

from dataclasses import dataclass

from iqmetrics.generators.base import Request, digest
from iqmetrics.pipeline.manifest import Row
from iqmetrics.records import PromptSuite
from iqmetrics.suites.plan import ABOUT, Wanted, file_safe

IMAGES = "images"


@dataclass(frozen=True, slots=True)
class Todo:
    """One image to make: what is wanted, the request, its row so far."""

    wanted: Wanted
    request: Request
    row: Row


def todo_of(suite: PromptSuite, model: str, wanted: Wanted, stamp: str) -> Todo:
    """The request and the row; `stamp` is the digest of the generator's fingerprint."""
    prompt = wanted.prompt
    width, height = wanted.size or (None, None)
    params = {key: value for key, value in prompt.params.items() if key != ABOUT}
    name = f"{IMAGES}/{file_safe(model)}/{file_safe(wanted.prompt_id)}/{wanted.seed}.png"
    request = Request(
        id=f"{wanted.prompt_id}/{wanted.seed}",
        prompt=prompt.text,
        seed=wanted.seed,
        width=width,
        height=height,
        negative=prompt.negative,
        params=params,
        place=(wanted.prompt_id, wanted.number),
    )
    row: Row = {
        "file_name": name,
        "model": model,
        "prompt_id": wanted.prompt_id,
        "prompt": prompt.text,
        "negative": prompt.negative,
        "seed": wanted.seed,
        "width": width,
        "height": height,
        "texts": None if prompt.texts is None else list(prompt.texts),
        "tags": list(prompt.tags),
        "language": prompt.language or None,
        "suite": f"{suite.name} {suite.version}",
        "suite_pick": suite.pick,
        ABOUT: prompt.params.get(ABOUT),
        "request": digest(request.asked(), stamp),
    }
    return Todo(wanted, request, {k: v for k, v in row.items() if v is not None})
