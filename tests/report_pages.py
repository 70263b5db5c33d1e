"""A run of two models with pictures, overlays and hostile strings, for the tests of the report."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from factory import FACTS, record
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.pipeline import thumbnails
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.score import Result, read
from iqmetrics.records import Missing, Reading
from iqmetrics.store import Store

HOSTILE = "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>"
PROTOCOL = {"scorers": [FACTS.to_json()], "note": HOSTILE}


def result(folder: Path, prompts: int = 6) -> Result:
    """Two models, `prompts` prompts, one seed; toy.good rises with the prompt, model b is worse."""
    store = Store(folder / "scores.sqlite")
    records = []
    for m, model in enumerate(("a", f"b {HOSTILE}")):
        for p in range(prompts):
            name = f"{'ab'[m]}{p}.png"
            pixels = np.full((64, 96, 3), (40 * p + 20 * m) % 256, np.uint8)
            Image.fromarray(pixels).save(folder / name)
            prompt = HOSTILE if p == 0 else f"prompt {p}"
            placed = replace(record(name, model, prompt, seed=1), path=str(folder / name))
            records.append(placed)
            thumbnails.keep(store, [Picture(placed, pixels)])
            values = {"toy.good": (p + 1) / 10 - m / 100, "toy.bad": float(p)}
            missing = {"toy.bad": Missing("abstained", HOSTILE)} if p == 1 else {}
            for gone in missing:
                del values[gone]
            evidence: dict[str, Any] = {"parts": [{"box": [10, 10, 40, 30], "label": HOSTILE}]}
            if name == "a5.png":
                evidence = {"asked": [512, 512], "parts": [], "map": []}
            store.add([(FACTS.key(placed), "toy", Reading(values, missing, evidence))])
    gone = replace(record("c.png", "a", "gone", seed=9), path=str(folder / "c.png"))
    Run([*records, gone], (FACTS,), {"c.png": Missing("truncated", "half")}).save(store)
    return read(store)


def embedded(path: Path) -> dict[str, Any]:
    """The data inside a written report."""
    text = path.read_text("utf-8")
    start = text.index('id="data">') + len('id="data">')
    found: dict[str, Any] = json.loads(text[start : text.index("</script>", start)])
    return found


def part_of(path: Path) -> Any:
    """What one of the files beside a report says."""
    (call,) = re.findall(r"^part\((.*)\);\n$", path.read_text("utf-8"), re.S)
    told, inner = json.loads(f"[{call}]")
    assert told == path.stem
    return json.loads(inner)
