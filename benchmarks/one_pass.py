"""One pass of every default scorer beside its peers run one after another.

    python benchmarks/one_pass.py --images FOLDER --json benchmarks/results/scale.json

Both judge the same PNGs of 1024 x 1024 (real outputs) in the same process, in turns, warm: ours by
`iqmetrics.score` on a folder (walk, sha256, metadata, decoding processes, scorers, thumbnails,
store), the peers each in its documented loop. Twice: with the prompts that the files carry, and
with two strings lettered on each picture and asked for. CLIP has random weights on both sides;
MUSIQ has no weights here and answers `unavailable`.
"""

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import one_pass_parts
import report
from clip_peers import save_random
from one_pass_meter import Cost, measured
from one_pass_peers import Loop, loops
from PIL import Image

import iqmetrics
from iqmetrics.pipeline.score import Result

SHARED_IMAGES = Path(__file__).resolve().parents[2] / "shared" / "images" / "comfyui"
SIDE = 1024
SHARED = ("niqe", "brisque", "piqe", "clip", "face", "text")
"""What the peers measure too."""
Figures = dict[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Set:
    """A folder to judge and, in order, its files with what CLIP is asked about each."""

    folder: Path
    files: Sequence[Path]
    prompts: Sequence[str]


def as_found(sources: Sequence[Path], folder: Path) -> Set:
    """The files themselves, with the prompts that are embedded in them."""
    folder.mkdir()
    for source in sources:
        (folder / source.name).write_bytes(source.read_bytes())
    found = iqmetrics.score(folder, scorers=("size",), workers=0).run.records
    return Set(folder, [folder / r.image for r in found], [r.prompt or "" for r in found])


def lettered(sources: Sequence[Path], folder: Path) -> Set:
    """The pictures with two strings on each, which the prompt asks for."""
    from validity.text import _lettered

    folder.mkdir()
    prompts = []
    for k, source in enumerate(sources):
        pixels, strings = _lettered(np.asarray(Image.open(source).convert("RGB")), k)
        Image.fromarray(pixels).save(folder / f"{k:03}.png")
        prompts.append("a photograph with the words " + " and ".join(f'"{s}"' for s in strings))
        (folder / f"{k:03}.txt").write_text(prompts[-1], "utf-8")
    return Set(folder, sorted(folder.glob("*.png")), prompts)


def preset(folder: Path, clip: Path) -> Path:
    """The standard preset with the random CLIP."""
    text = (Path(iqmetrics.__file__).parents[1] / "metrics_cfg/standard.preset.toml").read_text()
    for name in ("clip", "diversity"):
        own = f'name = "{name}"\noptions = {{ model = "local-dir:{clip}" }}'
        text = text.replace(f'name = "{name}"', own)
    (folder / "standard.preset.toml").write_text(text)
    return folder / "standard.preset.toml"


def only(whole: Path, names: Sequence[str]) -> Path:
    """The same preset with some of its scorers."""
    head, *tables = whole.read_text().partition("# What makes")[0].split("[[scorer]]")
    kept = [table for table in tables if any(f'name = "{name}"\n' in table for name in names)]
    path = whole.with_name("shared.preset.toml")
    path.write_text(head + "".join("[[scorer]]" + table for table in kept))
    return path


def ours(preset: Path, folder: Path) -> Result:
    """One fresh run into a store on disk."""
    with tempfile.TemporaryDirectory() as out:
        result = iqmetrics.score(folder, str(preset), out=out, device="cpu")
        failed = [r.metric for r in result.scorecard.rows if "failed" in r.coverage]
        assert not failed, failed
        return result


def in_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[Cost]]:
    """Costs of the calls in each round, after one round to warm up."""
    costs: dict[str, list[Cost]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, call in calls.items():
            cost, _ = measured(call)
            if turn:
                costs[name].append(cost)
    return costs


def typical(costs: Sequence[Cost]) -> Cost:
    """Median times, and the most memory."""
    return Cost(
        median(c.wall for c in costs), median(c.cpu for c in costs), max(c.mb for c in costs)
    )


def compare(
    judged: Set, peers: dict[str, Loop], whole: Path, shared: Path, rounds: int
) -> tuple[dict[str, float], dict[str, Cost]]:
    """Two ratios on one set of pictures: each the worse of clock and processor time.

    Each is the median of its rounds, with its quartiles: the machine is slower in some than in
    others, for all calls of a round alike.
    """
    calls: dict[str, Callable[[], Any]] = {
        name: partial(loop, judged.files, judged.prompts) for name, loop in peers.items()
    }
    calls |= {
        "ours, shared": partial(ours, shared, judged.folder),
        "ours, all": partial(ours, whole, judged.folder),
    }
    costs = in_turns(calls, rounds)
    figures: dict[str, float] = {}
    for kind in ("wall", "cpu"):
        each = {name: np.array([getattr(c, kind) for c in some]) for name, some in costs.items()}
        speedup = sum(each[name] for name in peers) / each["ours, shared"]
        extra = each["ours, all"] / each["ours, shared"]
        low, middle, high = np.quantile(extra, (0.25, 0.5, 0.75)).tolist()
        figures |= {
            f"speedup_shared_{kind}": float(np.median(speedup)),
            f"extra_cost_{kind}": middle,
            f"extra_cost_{kind}_low": low,
            f"extra_cost_{kind}_high": high,
            f"ms_per_image_{kind}": float(1e3 * np.median(each["ours, all"]) / len(judged.files)),
        }
    figures["speedup_shared"] = min(figures["speedup_shared_wall"], figures["speedup_shared_cpu"])
    figures["extra_cost"] = max(figures["extra_cost_wall"], figures["extra_cost_cpu"])
    return figures, {name: typical(some) for name, some in costs.items()}


def main() -> None:
    """Measure, print where the time goes, merge the figures."""
    parser = report.arguments(__doc__.split("\n", 1)[0])
    parser.add_argument("--images", type=Path, default=SHARED_IMAGES)
    parser.add_argument("--limit", type=int, default=16, help="pictures")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0, help="torch threads; 0 = its default")
    parser.add_argument("--parts", action="store_true", help="only where our time goes")
    parser.add_argument("--ratios", action="store_true", help="only ours beside the peers")
    parser.add_argument("--sets", nargs="+", choices=("plain", "lettered"), help="default: both")
    asked = parser.parse_args()
    shared_home = SHARED_IMAGES.parents[1] / "reference" / "torch_home"
    os.environ.setdefault("TORCH_HOME", str(shared_home))
    sources = one_pass_parts.squares(asked.images, SIDE)[: asked.limit]
    if asked.threads:
        import torch

        torch.set_num_threads(asked.threads)
    machine = report.this_machine()
    figures: Figures = {"one_pass_images": len(sources), "one_pass_machine": machine}
    notes = {}
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        clip = save_random("ViT-B-32", root / "clip")
        whole = preset(root, clip)
        shared = only(whole, SHARED)
        wanted = asked.sets or ("plain", "lettered")
        sets = {}
        if "plain" in wanted:
            sets[""] = as_found(sources, root / "a")
        if "lettered" in wanted:
            sets["_lettered"] = lettered(sources, root / "b")
        for end, judged in sets.items() if not asked.ratios else ():
            print(f"\n{len(judged.files)} pictures{end}: ms of one core an image")
            found = one_pass_parts.table(partial(ours, whole, judged.folder), len(judged.files))
            figures |= {f"one_pass{end}_{k}_ms": v for k, v in found.items()}
        for end, judged in sets.items() if not asked.parts else ():
            alone, _ = measured(partial(ours, whole, judged.folder))  # without the peers' models
            peers = loops(clip, root / f"packs{end}")
            found, costs = compare(judged, peers, whole, shared, asked.rounds)
            for name, cost in costs.items():
                print(
                    f"{name:16} {cost.wall:7.2f} s {cost.cpu:7.2f} s of a core {cost.mb:5.0f} MB",
                    flush=True,
                )
            figures |= {f"one_pass{end}_{k}": v for k, v in found.items()}
            figures["rss_mb"] = max(alone.mb, float(figures.get("rss_mb", 0)))
        notes["one_pass"] = (
            f"{len(sources)} real {SIDE} x {SIDE} PNGs, {asked.rounds} round(s) in turns after one "
            "to warm up, medians; ours: `iqmetrics.score` on the folder into a new store, preset "
            "standard with a random ViT-B-32, musiq unavailable; speedups are the worse of clock "
            f"and processor time; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at "
            f"{time.strftime('%H:%M')}"
        )
    report.write(
        asked.json,
        figures,
        notes,
        ("torch", "onnxruntime", "pyiqa", "rapidocr", "open_clip_torch", "insightface", "numpy"),
    )


if __name__ == "__main__":
    main()
