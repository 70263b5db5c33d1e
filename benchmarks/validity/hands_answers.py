"""The counting nets' answers to hands that they were not trained on: what hands.py judges.

Photographs and their edits are answered by the net of the other half of persons and sessions,
renders by the net that saw edited photographs only.
"""

import io
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "training" / "hands"))

from iqmetrics.nets.hands import count as counting  # noqa: E402
from iqmetrics.nets.hands.region import Region  # noqa: E402
from iqmetrics.nets.sessions import Session, open_session, quicker  # noqa: E402

PACKED_ROI = 288 / 1.4


class Row(NamedTuple):
    """The answer for one hand, where it comes from, and its half (0 or 1).

    The half is that of persons and sessions; renders, which have none, alternate.
    """

    answer: counting.Answer
    name: str
    half: int


Answers = dict[str, list[Row]]


def net_of(path: Path) -> Session:
    """One counting net, run as the scorer runs it: by OpenVINO, else onnxruntime; one thread."""
    return open_session(path, "hands", quicker(), exact=False)


def answer(net: Session, image: np.ndarray, region: Region) -> counting.Answer:
    """The net's four views of one crop."""
    return counting.Answer(*net.run(counting.views(image, region)))


def packed(pack: dict, key: str, i: int) -> np.ndarray:
    ends = pack[key + "_ends"]
    raw = pack[key][(ends[i - 1] if i else 0) : ends[i]].tobytes()
    return np.array(Image.open(io.BytesIO(raw)).convert("RGB"))


def photographs(pack: dict, nets: dict, most_closed: int) -> Answers:
    """Answers for untouched photographs by the net of the other half: normal and closed."""
    found: Answers = {"normal": [], "closed": []}
    for i in np.random.default_rng(5).permutation(len(pack["shown"])):
        net = nets[f"fold{1 - pack['fold'][i]}"]
        region = Region(144.0, 144.0, PACKED_ROI, 0.0)
        kind = "normal" if pack["shown"][i] == 5 and pack["source"][i] < 2 else "closed"
        if kind == "closed" and len(found[kind]) >= most_closed:
            continue
        told = answer(net, packed(pack, "jpg", i), region)
        found[kind].append(Row(told, str(pack["name"][i]), int(pack["fold"][i])))
    return found


def edited(path: Path, nets: dict, each: int, seed: int = 900) -> Answers:
    """Answers for edited photographs over walls and scenes, by the net of the other half."""
    import torch
    from compose import SHARES, SIZE, Composer, nearest
    from maker3d import APART
    from packed import load

    torch.set_num_threads(1)
    pack = load(path, "cpu")
    makers = [Composer(pack, None, seed + f, f, calm=True, held=True) for f in (0, 1)]
    found: Answers = {}
    for k, name in enumerate(SHARES):
        found[name] = []
        for fold in (0, 1):
            composer = makers[fold]
            for _ in range(0, each // 2, 10):
                index = composer.choose(composer.open, 10)
                image, tips = composer.photos(index, torch.full_like(index, k))[:2]
                image = image[nearest(tips) >= APART * SIZE]  # the rest: not surely separate
                crops = (image.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).numpy()
                region = Region(112.0, 112.0, 224.0, 0.0)
                net = nets[f"fold{1 - fold}"]
                found[name] += [Row(answer(net, c, region), name, fold) for c in crops]
    return found


def rendered(folder: Path, net, most: int) -> Answers:
    """Answers for renders, by a net that has seen none."""
    found: Answers = {}
    for file in sorted(folder.glob("tests*.npz")):
        data = dict(np.load(file))
        for ends in sorted(k for k in data if k.endswith("_ends")):
            name, total = ends[:-5], min(len(data[ends]), most)
            region = Region(112.0, 112.0, 224.0, 0.0)
            crops = (packed(data, name, i) for i in range(total))
            found[name] = [Row(answer(net, c, region), name, i % 2) for i, c in enumerate(crops)]
    return found
