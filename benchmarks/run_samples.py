"""Where scoring processes are during a run: their threads, looked at every few milliseconds.

    with sampled(folder):
        iqmetrics.score(..., device="cuda")
    print(told(folder))

A place is the innermost function of iqmetrics that is being run, and the scorer that asked for it.
Looked at are the main thread and those that score beside it (on a CPU).
"""

import atexit
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread, main_thread
from threading import enumerate as enumerate_threads
from types import FrameType

from iqmetrics.pipeline import nursery

EVERY = 0.005
"""Seconds between two looks."""
WARM = 0.25
"""Share of the seconds of scoring that is left out at the start: first batches are slow."""
SCORING = "engines/"
PACKAGE = "/iqmetrics/"


@contextmanager
def sampled(folder: Path) -> Iterator[None]:
    """Scoring processes that are started inside leave what they see in `folder`."""
    code, here = nursery.CODE, str(Path(__file__).parent)
    hook = f"os.register_at_fork(after_in_child=lambda: run_samples.begin({str(folder)!r}))"
    begun = f"import os\nsys.path.append({here!r})\nimport run_samples\n{hook}\n"
    nursery.CODE = code.replace("importlib.import_module", begun + "importlib.import_module")
    try:
        yield
    finally:
        nursery.CODE = code


def begin(folder: str) -> None:
    """Look at this process until it ends."""
    seen: dict[int, Counter[str]] = defaultdict(Counter)
    ended = Event()

    def look() -> None:
        while not ended.wait(EVERY):
            frames, main = sys._current_frames(), main_thread()
            for thread in enumerate_threads():
                if thread is main or thread.name.startswith("iqm-score"):
                    seen[int(time.time())][_place(frames.get(thread.ident or 0))] += 1

    def leave() -> None:
        ended.set()
        looking.join()
        name = f"{time.time_ns()}.json"
        Path(folder, name).write_text(json.dumps({k: dict(v) for k, v in list(seen.items())}))

    atexit.register(leave)
    looking = Thread(target=look, name="iqm-samples", daemon=True)
    looking.start()


def _place(frame: FrameType | None) -> str:
    """`scorer: file:function:line` of a stack; without a scorer where none is at work."""
    inner, scorer, scoring = "", "", ""
    while frame is not None:
        _, inside, name = frame.f_code.co_filename.rpartition(PACKAGE)
        if inside:
            inner = inner or f"{name}:{frame.f_code.co_name}:{frame.f_lineno}"
            scoring = scoring or (name if name.startswith(SCORING) else "")
            if name.startswith("scorers/") and frame.f_code.co_name == "score":
                scorer = Path(name).stem
        frame = frame.f_back
    return f"{scorer or ('around' if scoring else 'start')}: {inner}"


def told(folder: Path, most: int = 30) -> str:
    """The places of all processes once they are warm, by their share of the time."""
    seconds: dict[int, Counter[str]] = defaultdict(Counter)
    for path in folder.glob("*.json"):
        for second, places in json.loads(path.read_text()).items():
            seconds[int(second)].update(places)
    busy = sorted(s for s, p in seconds.items() if any(not k.startswith("start") for k in p))
    steady = busy[int(WARM * len(busy)) : max(1, len(busy) - 1)]
    places: Counter[str] = Counter()
    for second in steady:
        places.update(seconds[second])
    whole = max(1, places.total())
    by_scorer: Counter[str] = Counter()
    for place, count in places.items():
        by_scorer[place.partition(":")[0]] += count
    lines = [f"{len(steady)} seconds, {whole} looks"]
    lines += [f"{100 * n / whole:6.1f} %  {name}" for name, n in by_scorer.most_common()]
    lines += [f"{100 * n / whole:6.1f} %  {name}" for name, n in places.most_common(most)]
    return "\n".join(lines)
