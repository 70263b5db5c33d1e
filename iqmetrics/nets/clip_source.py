"""Which CLIP a name means and whether its files are here, told without importing torch.

"ViT-B-32/laion2b_s34b_b79k"  architecture / tag as open_clip has them
"local-dir:PATH"              a folder with open_clip_config.json and weights
"hf-hub:org/repo"             a repository in the hub cache
"demo"                        the tiny CLIP of iqmetrics.demo
"""

import json
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights import search

DEFAULT = "ViT-B-32/laion2b_s34b_b79k"
DEMO = "demo"
CONFIG = "open_clip_config.json"
PACKAGES = {"open_clip": "open_clip_torch", "numba": "numba", "cv2": "opencv-python-headless"}
"""What CLIP needs, by import name."""


@dataclass(frozen=True)
class Source:
    """Files of one model: `folder` holds config, weights and tokenizer, or `arch` has `file`."""

    model: str
    arch: str = ""
    tag: str = ""
    folder: Path | None = None
    file: Path | None = None
    weight: str = ""
    tokenizer: Path | None = field(default=None)


def locate(model: str) -> Source:
    """Find the files of a model.

    Raises:
        Unavailable: a package or the files are missing; the hint is the one command.
        BadInput: the name means nothing.
    """
    for name, package in PACKAGES.items():
        if find_spec(name) is None:
            raise Unavailable.extra("CLIP", package, "score")
    if model == DEMO:
        return Source(model, folder=Path(str(files("iqmetrics.demo"))) / "tiny_clip")
    kind, colon, rest = model.partition(":")
    if colon and kind == "local-dir":
        if not (Path(rest) / CONFIG).is_file():
            raise Unavailable(f"{rest} has no {CONFIG}", "Give a folder saved by open_clip")
        _text_config(Path(rest) / CONFIG)
        return Source(model, folder=Path(rest))
    if colon and kind == "hf-hub":
        return _hub(model, rest)
    arch, slash, tag = model.partition("/")
    if not slash or not tag:
        raise BadInput(
            f"{model!r} is no CLIP model",
            f"ARCHITECTURE/TAG, e.g. {DEFAULT}, local-dir:PATH or demo",
        )
    for name in lines(model):
        line, path = weights.entry(name), weights.find(name)
        folder = weights.folder_of(line)
        tokenizer = folder if (folder / "tokenizer.json").is_file() else None
        return Source(model, arch, tag, file=path, weight=line.name, tokenizer=tokenizer)
    return _tag(model, arch, tag)


def load(scorer: Any, device: str) -> None:
    """Give a scorer with options `model` and `fast` its `encoder`, shared by all who ask alike.

    The files are found first: nothing heavy is imported where they are missing.
    """
    locate(scorer.model)
    from iqmetrics.nets import clip

    object.__setattr__(scorer, "encoder", clip.encoder(scorer.model, device, scorer.fast))


def lines(model: str) -> tuple[str, ...]:
    """Names in the weight ledger of what users call `model`: one or none."""
    return tuple(line.name for line in weights.ledger().values() if line.model == model)


def vocabulary(source: Source) -> int:
    """Entries of the model's vocabulary: above 100,000 it was made for many languages."""
    if source.folder is not None:
        text = _text_config(source.folder / CONFIG)
    else:
        spec = find_spec("open_clip")
        assert spec is not None and spec.origin is not None
        path = Path(spec.origin).parent / "model_configs" / f"{source.arch}.json"
        if not path.is_file():
            raise BadInput(
                f"open_clip has no architecture {source.arch!r}", "See open_clip.list_models()"
            )
        text = json.loads(path.read_text("utf-8"))["text_cfg"]
    return 250_000 if text.get("hf_model_name") else int(text.get("vocab_size", 49408))


def _text_config(path: Path) -> dict[str, Any]:
    """What a saved model says of its text side.

    Raises:
        BadInput: the file is not what open_clip writes.
    """
    try:
        text: dict[str, Any] = json.loads(path.read_text("utf-8"))["model_cfg"]["text_cfg"]
        int(text.get("vocab_size", 0))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{path} is no configuration of open_clip: {type(error).__name__}: {error}",
            "Save the model again with open_clip, or fetch it again",
        ) from error
    return text


def _hub(model: str, repo: str) -> Source:
    config = next(search.hub_files(repo, CONFIG), None)
    if config is None:
        raise Unavailable(f"{repo} is not in the hub cache", f"hf download {repo}")
    _text_config(config)
    return Source(model, folder=config.parent)


def _tag(model: str, arch: str, tag: str) -> Source:
    """A tag that the ledger does not list: open_clip knows its repository."""
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

    found = get_pretrained_cfg(arch, tag)
    if not found:
        known = list_pretrained_tags_by_model(arch)
        raise BadInput(
            f"open_clip has no weights {model!r}",
            f"Tags of {arch}: {', '.join(known)}" if known else "See open_clip.list_pretrained()",
        )
    repo = str(found.get("hf_hub", "")).rstrip("/")
    for name in ("open_clip_model.safetensors", "model.safetensors"):
        path = next(search.hub_files(repo, name), None)
        if path is not None:
            return Source(model, arch, tag, file=path)
    raise Unavailable(
        f"weights of {model} are not on this machine",
        f"hf download {repo} open_clip_model.safetensors",
    )
