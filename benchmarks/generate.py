"""What `iqm generate` loses when it is killed, if equal seeds give equal bytes, the tiny models.

A random Stable Diffusion pipeline of stock classes is built on the spot (nothing is downloaded),
run by `iqm generate`, killed with SIGKILL part of the way, and run again. The two trained
checkpoints of `iqm demo` are timed, and compared on prompts whose combinations training never saw.

    python benchmarks/generate.py --json benchmarks/results/generate.json
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests" / "generators")]

IMAGES = 16
KILLED_AFTER = 6
CODE = "import sys; from iqmetrics.cli.main import main; main(sys.argv[1:])"


def run(model: Path, out: Path, killed_after: int = 0) -> float:
    """Seconds of one `iqm generate`; with `killed_after`, it is killed at that many images."""
    suite = out.parent / "b.suite.toml"
    suite.write_text('sizes = [[64, 64]]\n[[prompt]]\nid = "cat"\ntext = "a red cat"\n')
    spec = f"tiny=diffusers:{model}#device=cpu,steps=4"
    seeds = ",".join(map(str, range(IMAGES)))
    args = ["generate", str(suite), "--model", spec, "--out", str(out), "--seeds", seeds, "--quiet"]
    began = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", CODE, *args], env=os.environ, **quiet)
    while process.poll() is None:
        if killed_after and len(list(out.rglob("*.png"))) >= killed_after:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.01)
    return time.perf_counter() - began


def images(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*.png"))}


def tiny_t2i(root: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Speed and size of the shipped checkpoints, and what `iqm demo` finds between them."""
    from iqmetrics.demo import pipeline
    from iqmetrics.generators.base import Request
    from iqmetrics.generators.diffusers_pipeline import Diffusers
    from iqmetrics.pipeline import scorecard_file
    from iqmetrics.pipeline.compare import compare
    from iqmetrics.suites.load import load
    from iqmetrics.views.demo import run_all

    texts = [prompt.text for prompt in load("demo").prompts][:16]
    requests = [Request(text, text, 0, 64, 64) for text in texts]
    folder = pipeline.shipped("v2", root / "v2")
    seconds = []
    for _ in range(3):
        model = Diffusers(str(folder), device="cpu", batch=16, params=pipeline.PARAMS)
        began = time.perf_counter()
        model.open(False)
        assert all(r.image for r in model(requests))
        seconds.append(time.perf_counter() - began)
    run_all(root / "demo", lambda _: None)
    card = scorecard_file.load(root / "demo" / "scorecard.json")
    found = {c.metric: c for c in compare(card, "v1", card, "v2").contrasts}["clip.alignment"]
    assert found.baseline and found.candidate and found.low
    weights = pipeline.shelf("tiny_t2i").glob("*.safetensors")
    figures = {
        "tiny_t2i_s_16_images": round(sorted(seconds)[1], 2),
        "tiny_t2i_mb": round(sum(p.stat().st_size for p in weights) / 1e6, 2),
        "v1_alignment": round(found.baseline, 2),
        "v2_alignment": round(found.candidate, 2),
        "v2_minus_v1_low95": round(found.low, 2),
    }
    load_now = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    timed = f"loading and 16 images in one call, {pipeline.PARAMS['steps']} steps, imports done"
    notes = {
        "tiny_t2i_s_16_images": f"{timed}, median of 3; {load_now}",
        "tiny_t2i_mb": "two UNets in eight bits, one autoencoder in half precision; "
        "the text tower is the CLIP's",
        "v1_alignment": "the tiny CLIP's score of 48 images, 24 prompts kept from training",
        "v2_minus_v1_low95": "low end of the paired 95 % interval that `iqm demo` prints",
    }
    return figures, notes


def main() -> None:
    from report import arguments, write

    args = arguments(__doc__ or "").parse_args()
    import tiny_pipelines

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        model = tiny_pipelines.stable_diffusion(root / "model")
        seconds = run(model, root / "whole")
        run(model, root / "killed", KILLED_AFTER)
        before = {p: p.stat().st_mtime_ns for p in (root / "killed").rglob("*.png")}
        run(model, root / "killed")
        whole, resumed = images(root / "whole"), images(root / "killed")
        again = sum(p.stat().st_mtime_ns != when for p, when in before.items())
        rows = (root / "killed" / "manifest.jsonl").read_text().splitlines()
        good = sum(json.loads(row)["status"] == "ok" for row in rows)
        tiny, tiny_notes = tiny_t2i(root)
    figures = {
        "resume_images": IMAGES,
        "resume_killed_at": len(before),
        "resume_made_again": again,
        "resume_lost": IMAGES - min(len(resumed), good),
        "same_seed_same_bytes": sum(whole[name] == resumed.get(name) for name in whole) / IMAGES,
        "random_sd_s_16_images": round(seconds, 2),
    }
    notes = {
        "resume_lost": "images without a file or an ok row after kill -9 and a rerun",
        "same_seed_same_bytes": "share of 16 files that are equal in two runs, one of them killed; "
        "a Stable Diffusion pipeline with random weights, 64 x 64, 4 steps, CPU, one at a time",
        "random_sd_s_16_images": "whole process on a busy machine, imports and loading included",
    } | tiny_notes
    write(args.json, figures | tiny, notes, ("iqmetrics", "diffusers", "torch", "transformers"))


if __name__ == "__main__":
    main()
