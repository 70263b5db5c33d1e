"""Builds a metric of pyiqa from files on this machine only.

pyiqa downloads what it lacks and opens pickles unchecked. Here its downloads are refused, and a
pickle is opened with `weights_only` after its digest was compared with the one in its name
(`...-e95806b9.pth`, the convention of torch hub) or in the ledger.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.weights.search import own_folder, places, sha256

REPO = "chaofengc/IQA-PyTorch-Weights"


def build(name: str, device: str, path: str = "") -> Any:
    """The metric as pyiqa's `create_metric` makes it; `path` gives its net other weights.

    Raises:
        Unavailable: a weight file is missing; the hint is the command that brings it.
        BadInput: a file is not what its name says, or does not fit.
    """
    import pyiqa
    import torch

    with _only_local_files(name):
        if not path:
            return pyiqa.create_metric(name, device=torch.device(device))
        made = pyiqa.create_metric(name, device=torch.device(device), pretrained=False)
    try:
        made.net.load_state_dict(_own_state(Path(path)))
    except RuntimeError as error:
        raise BadInput(f"{path} does not fit {name}: {str(error)[:200]}") from error
    return made


def _own_state(path: Path) -> dict[str, Any]:
    if path.suffix != ".safetensors":
        raise BadInput(f"{path} is not safetensors", "Convert it with safetensors.torch.save_file")
    from safetensors.torch import load_file

    return dict(load_file(path))


@contextmanager
def _only_local_files(name: str) -> Iterator[None]:
    import huggingface_hub.constants
    import pyiqa.utils.download_util as download
    import torch

    load = torch.load

    def find(url: str, *_args: Any, **_options: Any) -> str:
        file = url.rsplit("/", 1)[-1]
        for line in weights.ledger().values():
            if line.file == file and (path := next(places(line), None)):
                return str(path)
        torch_home = Path(os.environ.get("TORCH_HOME") or Path.home() / ".cache" / "torch")
        for path in (own_folder() / file, torch_home / "hub" / "pyiqa" / file):
            if path.is_file():
                return str(path)
        raise Unavailable(f"{name} needs {file}", _command(file))

    def checked(file: Any, *_args: Any, **options: Any) -> Any:
        if isinstance(file, (str, os.PathLike)):
            _admit(Path(file))
        return load(file, map_location=options.get("map_location"), weights_only=True)

    def refuse(url: str, *_args: Any, **_options: Any) -> None:
        find(url)
        raise Unavailable(f"{name} needs {url}", _command(url.rsplit("/", 1)[-1]))

    targets = [m for m in _pyiqa_modules() if hasattr(m, "load_file_from_url")]
    patches: list[Any] = [patch.object(m, "load_file_from_url", find) for m in targets]
    patches += [
        patch.object(torch, "load", checked),
        patch.object(torch.hub, "download_url_to_file", refuse),
        patch.object(download, "download_url_to_file", refuse),
        patch.object(huggingface_hub.constants, "HF_HUB_OFFLINE", True),
    ]
    for one in patches:
        one.start()
    try:
        yield
    except (OSError, LookupError) as error:
        raise Unavailable(
            f"{name} could not be built here: {error}", f"iqm scorers {name}"
        ) from error
    finally:
        for one in reversed(patches):
            one.stop()


def _pyiqa_modules() -> list[Any]:
    """Modules of pyiqa that are loaded, the architecture files among them."""
    import sys

    return [m for n, m in list(sys.modules.items()) if n.startswith("pyiqa") and m is not None]


def _command(file: str) -> str:
    line = next((w for w in weights.ledger().values() if w.file == file), None)
    if line is not None:
        return f"iqm weights pull {line.name}"
    return f"hf download {REPO} {file} --local-dir {own_folder()}"


def _admit(path: Path) -> None:
    named = re.search(r"-([0-9a-f]{8,64})\.", path.name)
    digest = sha256(path)
    known = {w.sha256 for w in weights.ledger().values() if w.file == path.name and w.sha256}
    if named:
        known.add(named[1])
    if not any(digest.startswith(k) for k in known):
        raise BadInput(
            f"{path.name} is a pickle whose sha256 nobody published: it is not opened",
            "Convert it to safetensors where you trust it",
        )
