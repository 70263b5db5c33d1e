"""Which model made an image: the rule, in one place.

Given by a table or sidecar > first-level folder, when at least two of them can be models > embedded
checkpoint > the scored folder's own name. LoRAs are added to the checkpoint's name where the same
checkpoint stands in the folder with different LoRAs.
"""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from iqmetrics.metadata.names import is_model_folder
from iqmetrics.records import Source

ModelFrom = Literal["folder", "metadata"]
OWN_NAME = Source("scored folder's name", "low")
WRAPPERS = ("images", "outputs", "output", "samples")

WEIGHTS = (".safetensors", ".sft", ".ckpt", ".gguf", ".pt", ".pth", ".bin")


class ModelRule:
    """Decides the model of each image of one folder."""

    def __init__(
        self,
        images: Sequence[str],
        params: Iterable[Mapping[str, Any]],
        folder_name: str,
        model_from: ModelFrom | None = None,
    ) -> None:
        self.model_from = model_from
        self.by_folder = Source("folder name", "high" if model_from else "medium")
        self.folder_name = folder_name
        self.depth = wrapper_depth(images)
        firsts = {first for image in images if (first := self.first_folder(image))}
        candidates = {first for first in firsts if is_model_folder(first)}
        self.folders = (
            (firsts if model_from == "folder" else candidates)
            if (model_from == "folder" or len(candidates) >= 2)
            else set()
        )
        self.lora_sets: dict[str, set[str]] = {}
        for one in params:
            if checkpoint := one.get("checkpoint"):
                name = without_suffix(str(checkpoint))
                self.lora_sets.setdefault(name, set()).add(lora_names(one))

    def first_folder(self, image: str) -> str:
        """The first-level folder of an image, below a wrapper such as `images/`; "" when none."""
        parts = image.split("/")
        return parts[self.depth] if len(parts) > self.depth + 1 else ""

    def model(
        self,
        image: str,
        given: str,
        given_source: Source,
        params: Mapping[str, Any],
        source: Source,
    ) -> tuple[str, Source]:
        """The model of one image and where that is known from."""
        if given and self.model_from is None:
            return given, given_source
        folder = self.first_folder(image)
        if self.model_from != "metadata" and folder in self.folders:
            return folder, self.by_folder
        if self.model_from == "metadata" and given:
            return given, given_source
        if self.model_from != "folder" and (checkpoint := str(params.get("checkpoint") or "")):
            loras = lora_names(params)
            name = without_suffix(checkpoint)
            several = len(self.lora_sets.get(name, ())) > 1
            return (f"{name} + {loras}" if loras and several else name), source
        return self.folder_name, OWN_NAME


def wrapper_depth(images: Sequence[str]) -> int:
    """1 when all images lie in one folder that only wraps the rest (`images/`), else 0."""
    firsts = {image.split("/", 1)[0] if "/" in image else "" for image in images}
    return int(len(firsts) == 1 and firsts.pop().lower() in WRAPPERS)


def without_suffix(checkpoint: str) -> str:
    """A checkpoint's name as every program writes it: ComfyUI keeps the suffix, others do not.

    Example:
        >>> without_suffix("sdxl/base_1.0.safetensors"), without_suffix("base_1.0")
        ('sdxl/base_1.0', 'base_1.0')
    """
    stem, suffix = posixpath.splitext(checkpoint)
    return stem if stem and suffix.lower() in WEIGHTS else checkpoint


def lora_names(params: Mapping[str, Any]) -> str:
    """The LoRAs of an image as one text: file names without folder and suffix, joined by " + "."""
    loras = params.get("loras") or ()
    names = [str(one.get("name", "")) if isinstance(one, Mapping) else str(one) for one in loras]
    return " + ".join(posixpath.splitext(n.replace("\\", "/").rsplit("/", 1)[-1])[0] for n in names)
