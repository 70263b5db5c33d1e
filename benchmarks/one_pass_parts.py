"""Where the time of one pass goes: processor time of each scorer and of each stage around them."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from one_pass_meter import processor_s
from PIL import Image

from iqmetrics.engines import crew, safely
from iqmetrics.pipeline import index, thumbnails
from iqmetrics.store import Store


def squares(folder: Path, side: int) -> list[Path]:
    """PNGs of that size, by name."""
    found = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            if image.size == (side, side):
                found.append(path)
    if not found:
        raise SystemExit(f"no {side} x {side} PNG in {folder}")
    return found


def table(call: Callable[[], Any], images: int) -> dict[str, float]:
    """Processor ms an image of every part of the second of two calls, printed largest first.

    What a scorer keeps for another (faces for grain) counts where it was asked for first. Threads
    that spin while they wait count too. One batch is scored at a time: two would count as one part.
    """
    spent: Counter[str] = Counter()
    with ExitStack() as stack:
        stack.enter_context(patch.object(crew, "threads", lambda device: 1))
        call()
        for where, name, label in (
            (safely, "score_images", lambda scorer, pictures: scorer.name),
            (safely, "score_set", lambda scorer, pictures: scorer.name),
            (thumbnails, "made", lambda pictures: "thumbnails"),
            (Store, "add", lambda *a: "store"),
            (Store, "add_thumbnails", lambda *a: "store"),
            (index, "_read_one", lambda *a: "sha256 and metadata"),
        ):
            inside = _timed(getattr(where, name), label, spent, threads=name != "_read_one")
            stack.enter_context(patch.object(where, name, inside))
        before, children = processor_s(), _children()
        call()
        spent["decoding processes"] = _children() - children
        whole = processor_s() - before
    spent["everything else"] = whole - sum(spent.values())
    ms = {name: round(1e3 * seconds / images, 2) for name, seconds in spent.most_common()}
    for name, value in ms.items():
        print(f"  {name:22} {value:8.2f}")
    print(f"  {'sum':22} {1e3 * whole / images:8.2f}")
    return {name.replace(" ", "_"): value for name, value in ms.items()}


def _timed(
    function: Callable[..., Any], label: Callable[..., str], spent: Counter[str], threads: bool
) -> Callable[..., Any]:
    clock = time.process_time if threads else time.thread_time
    depth = [0]  # halved batches call themselves

    def timed(*args: Any, **options: Any) -> Any:
        depth[0] += threads
        start = clock()
        try:
            return function(*args, **options)
        finally:
            depth[0] -= threads
            if not depth[0]:
                spent[label(*args)] += clock() - start

    return timed


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
