"""One image of a suite as asked of one model: its request and its row of the manifest."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from iqmetrics.generators.base import Request, digest
from iqmetrics.pipeline.manifest import Row
from iqmetrics.records import PromptSuite
from iqmetrics.suites.plan import ABOUT, Folders, Wanted, file_safe

IMAGES = "images"


@dataclass(frozen=True, slots=True)
class Todo:
    """One image to make: what is wanted, the request, its row so far."""

    wanted: Wanted
    request: Request
    row: Row


class Places:
    """Where images go: a folder a model, in it a folder a prompt, those that exist as they are."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._models = Folders()
        self._prompts: dict[str, Folders] = defaultdict(Folders)
        made = {(str(r.get("model")), str(r.get("prompt_id")), r["file_name"]) for r in rows}
        for model, prompt_id, file_name in sorted(made):
            match file_name.split("/"):
                case [root, of_model, of_prompt, _] if root == IMAGES:
                    if of_model == file_safe(model):
                        self._models.of(model)
                    if of_prompt == file_safe(prompt_id):
                        self._prompts[model].of(prompt_id)

    def of(self, model: str, prompt_id: str) -> str:
        """The folder of a model's images of a prompt, relative to that of the manifest."""
        return f"{IMAGES}/{self._models.of(model)}/{self._prompts[model].of(prompt_id)}"


def todo_of(suite: PromptSuite, model: str, wanted: Wanted, stamp: str, places: Places) -> Todo:
    """The request and the row; `stamp` is the digest of the generator's fingerprint."""
    prompt = wanted.prompt
    width, height = wanted.size or (None, None)
    params = {key: value for key, value in prompt.params.items() if key != ABOUT}
    name = f"{places.of(model, wanted.prompt_id)}/{wanted.seed}.png"
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
