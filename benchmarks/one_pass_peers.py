"""The peers of one pass, each in its documented loop over files: one call a picture.

Every peer decodes for itself, since that is how it is used alone.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from nets.faces.pack import write_pack

Loop = Callable[[Sequence[Path], Sequence[str]], list[float]]


def loops(clip: Path, packs: Path) -> dict[str, Loop]:
    """The loops by what they are compared with; models are built here, outside of any timing.

    Args:
        clip: folder of an open_clip model, as `local-dir:` takes it.
        packs: an empty folder in which a pack for insightface is made: its nets have the layout of
            a real pack and no weights, so the time is that of the call alone.
    """
    found = {f"pyiqa {name}": _pyiqa(name) for name in ("niqe", "brisque", "piqe")}
    return {
        **found,
        "rapidocr": _rapidocr(),
        "open_clip": _open_clip(clip),
        "insightface": _insightface(packs),
    }


def _pyiqa(name: str) -> Loop:
    import pyiqa

    metric = pyiqa.create_metric(name, device="cpu")
    return lambda paths, prompts: [float(metric(str(path))) for path in paths]


def _rapidocr() -> Loop:
    from rapidocr import RapidOCR

    engine = RapidOCR()

    def loop(paths: Sequence[Path], prompts: Sequence[str]) -> list[float]:
        return [float(len(engine(str(path)).txts or ())) for path in paths]

    return loop


def _open_clip(folder: Path) -> Loop:
    import open_clip
    import torch
    from PIL import Image

    name = f"local-dir:{folder}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    model.eval()
    tokenizer = open_clip.get_tokenizer(name)

    def loop(paths: Sequence[Path], prompts: Sequence[str]) -> list[float]:
        found = []
        for path, prompt in zip(paths, prompts, strict=True):
            image = preprocess(Image.open(path)).unsqueeze(0)
            text = tokenizer([prompt])
            with torch.no_grad():
                seen, said = model.encode_image(image), model.encode_text(text)
                seen = seen / seen.norm(dim=-1, keepdim=True)
                said = said / said.norm(dim=-1, keepdim=True)
                found.append(float(100 * (seen @ said.T)))
        return found

    return loop


def _insightface(folder: Path) -> Loop:
    import cv2
    from insightface.app import FaceAnalysis

    write_pack(folder / "models" / "made", (200, 180, 420, 460), ((270, 280), (350, 280)))
    app = FaceAnalysis(name="made", root=str(folder), providers=["CPUExecutionProvider"])
    app.prepare(ctx_id=-1, det_size=(640, 640))

    def loop(paths: Sequence[Path], prompts: Sequence[str]) -> list[float]:
        return [float(len(app.get(np.asarray(cv2.imread(str(path)))))) for path in paths]

    return loop
