"""Trains the counting net, and the nets that judge it, on one GPU in minutes; everything is seeded.

    python training/hands/train.py --pack pack.npz --rig right.glb \
        --backbone hand_landmark_full.onnx --out OUT --minutes 6.3

Nets, each in a process of its own, side by side: `ship` (everything), `fold0` and `fold1` (only the
photographs of that half of the persons and sessions; each is judged by the other half), `photos`
(maker A only, judged by the renders of maker B). Writes one .safetensors each (averaged weights,
float16) and `tests*.npz`: renders that no net was trained on, over scenes that none has seen, with
their truth, for benchmarks/validity/hands.py. The shipped net is `ship` of two runs on one H100:
the one above (659 steps), then, with welds of one round end and tilted hands, 560 steps more from
each net's own weights, `--start FIRST --rate 0.6 --warm 40 --tests 0 --minutes 4.9` (the steps
follow the clock, so a rerun gives a like net, not the same one).
"""

import argparse
import io
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from compose import SIZE, Batch, Composer, Renders
from maker3d import Maker
from model import Counter
from packed import load
from PIL import Image
from rig import read_rig
from ring import Ring
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

NETS = ("ship", "fold0", "fold1", "photos")
TESTED = ("render4", "render5", "render6", "render_fused", "render_folded")
EACH_TEST = 240


def draw(maker: Maker, total: int, seed: int, step: int) -> Renders:
    """A pool of rendered layers."""
    g = torch.Generator().manual_seed(seed)
    parts: dict[str, list[Tensor]] = {f.name: [] for f in fields(Renders)}
    for _ in range(0, total, step):
        made = maker.make(step, SIZE, g)
        for key, kept in parts.items():
            value = getattr(made, key)
            kept.append((value * 255).byte() if key in ("image", "alpha") else value)
    return Renders(**{k: torch.cat(v) for k, v in parts.items()})


def loss_of(net: Counter, batch: Batch, dtype: torch.dtype) -> Tensor:
    """Focal loss of the fingertip map, cross entropies of state and of both counts."""
    image = batch.image.contiguous(memory_format=torch.channels_last)
    with torch.autocast(image.device.type, dtype, enabled=dtype != torch.float32):
        heat, state, seen, told = (y.float() for y in net.parts(image))
    tips, truth = batch.tips / 4 - 0.375, batch.state
    line = torch.arange(56, device=image.device) + 0.0
    gx = torch.exp(-((line - tips[..., :1]) ** 2) / (2 * 1.1**2))
    gy = torch.exp(-((line - tips[..., 1:]) ** 2) / (2 * 1.1**2))
    spots = torch.nan_to_num(gy[..., :, None] * gx[..., None, :]).amax(1)
    p = torch.sigmoid(heat[:, 0]).clamp(1e-4, 1 - 1e-4)
    miss = -((1 - spots) ** 4) * p**2 * (1 - p).log()
    focal = torch.where(spots > 0.90, -((1 - p) ** 2) * p.log(), miss)
    known = (truth == 0) & ~torch.isnan(batch.tips[..., 0]).all(1) | (truth == 3)
    fine = (focal.sum((1, 2)) * known).sum() / known.sum().clamp_min(1) / 5
    counted = torch.where(truth == 0, batch.count, -1)
    which = judged(seen, counted) + 0.5 * judged(told, counted)
    which = which + 0.5 * judged((seen + told) / 2, counted)
    return fine + which + judged(state, truth)


def judged(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean cross entropy over the items whose truth is known (not -1); 0 when none is."""
    total = nn.functional.cross_entropy(
        logits, truth, ignore_index=-1, label_smoothing=0.02, reduction="sum"
    )
    return total / (truth >= 0).sum().clamp_min(1)


def pool_file(args: argparse.Namespace) -> Path:
    """Where the parent process leaves the rendered layers for the others."""
    return Path(tempfile.gettempdir()) / f"hands-renders-{args.began:.0f}.pt"


def wait_for(path: Path, seconds: float = 240) -> Renders:
    """The pool that the parent process draws."""
    began = time.time()
    while not path.exists():
        if time.time() - began > seconds:
            raise TimeoutError(path)
        time.sleep(0.5)
    return Renders(**torch.load(path, weights_only=True))


def train(args: argparse.Namespace, name: str) -> None:
    """Train one net and store its averaged weights, now and then and at the end."""
    end = args.began + args.minutes * 60
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    number = args.seed + 10 * NETS.index(name)
    torch.manual_seed(number)
    pack = load(args.pack, device, args.most)
    fold = int(name[-1]) if name.startswith("fold") else None
    renders = None
    if name != "photos":
        renders = wait_for(pool_file(args))
        renders = Renders(**{k: v.to(device) for k, v in vars(renders).items()})
    ring = Ring(Composer(pack, renders, number, fold), args.ring, args.fresh)
    net = Counter(args.backbone)
    if args.start:
        halved = load_file(args.start / f"{name}.safetensors")
        net.load_state_dict({k: v.to(net.state_dict()[k].dtype) for k, v in halved.items()})
    net = net.to(device).to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.get_ema_multi_avg_fn(args.decay)
    smooth = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=mean, use_buffers=True)
    rest = [p for n, p in net.named_parameters() if not n.startswith("backbone")]
    groups = [
        {"params": [*net.backbone.parameters()], "lr": 0.0, "top": 6e-4 * args.rate},
        {"params": rest, "lr": 0.0, "top": 2.5e-3 * args.rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=2e-3)
    start, step, kept = time.time(), 0, time.time()
    print(name, f"starts at {start - args.began:.0f} s", flush=True)
    while (now := time.time()) < end:
        done = (now - start) / (end - start)
        for group in optimiser.param_groups:
            warm = min(1.0, (step + 1) / args.warm)
            group["lr"] = group["top"] * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        with torch.no_grad():
            batch = ring.draw(args.batch)
        loss = loss_of(net, batch, dtype)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 4.0)
        optimiser.step()
        if step >= args.settle or device == "cpu":
            smooth.update_parameters(net)
        if step % 100 == 0:
            print(name, step, f"{now - args.began:.0f} s", round(loss.item(), 3), flush=True)
        if now - kept > 60:
            keep(smooth.module, args.out / f"{name}.safetensors")
            kept = now
        step += 1
    keep(smooth.module, args.out / f"{name}.safetensors")
    print(name, "steps", step, f"{time.time() - args.began:.0f} s", flush=True)


def keep(net: nn.Module, path: Path) -> None:
    """Store weights as float16."""
    halved = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file({k: v.contiguous() for k, v in halved.items()}, path)


def tests(maker: Maker, args: argparse.Namespace) -> None:
    """Renders for tests over held scenes, as JPEG crops by kind, in two files."""
    pack = load(args.pack, maker.device, args.most)
    held = draw(maker, args.tests, args.seed + 1000, args.step)
    composer = Composer(pack, held, args.seed + 2000, calm=True, held=True)
    kind = torch.where(held.fused, 3, held.count.clamp(4, 6) - 4)
    kind = torch.where(held.pose > 0, 4, torch.where(held.clear == 1, kind, -1))
    out: tuple[dict[str, np.ndarray], ...] = ({}, {})
    for k, name in enumerate(TESTED):
        index = torch.nonzero(kind == k)[:EACH_TEST, 0]
        blobs = []
        for part in index.split(32):
            layer, alpha = held.image[part].float() / 255, held.alpha[part].float() / 255
            images = composer._over(layer, alpha, composer.scenes(len(part))).clamp(0, 1)
            for image in (images * 255).byte().permute(0, 2, 3, 1).cpu().numpy():
                store = io.BytesIO()
                Image.fromarray(image).save(store, "JPEG", quality=92)
                blobs.append(np.frombuffer(store.getvalue(), np.uint8))
        place = out[k // 3]
        place[name] = np.concatenate(blobs) if blobs else np.zeros(0, np.uint8)
        place[name + "_ends"] = np.cumsum([len(b) for b in blobs]).astype(np.int64)
        print(name, len(blobs), flush=True)
    for number, place in enumerate(out):
        np.savez(args.out / f"tests{number}.npz", **place)


def main() -> None:
    """Start one process a net, draw what they share, then the tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pack", "rig", "backbone", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--fresh", type=int, default=96)
    parser.add_argument("--ring", type=int, default=4096)
    parser.add_argument("--renders", type=int, default=6144)
    parser.add_argument("--tests", type=int, default=3072)
    parser.add_argument("--step", type=int, default=16)
    parser.add_argument("--most", type=int, default=10**9)
    parser.add_argument("--start", type=Path, help="folder of weights to go on from")
    parser.add_argument("--rate", type=float, default=1.0, help="times the usual learning rates")
    parser.add_argument("--warm", type=int, default=60, help="steps of warming up")
    parser.add_argument(
        "--settle", type=int, default=200, help="step from which weights are averaged"
    )
    parser.add_argument("--decay", type=float, default=0.998, help="of the averaged weights")
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="train this net in this process")
    parser.add_argument("--began", type=float, default=time.time())
    args = parser.parse_args()
    if args.only:
        return train(args, args.only)
    args.out.mkdir(parents=True, exist_ok=True)
    again = [*sys.argv[1:], "--began", str(args.began)]
    names = sorted(args.nets.split(","), key=lambda n: n != "photos")
    running = [subprocess.Popen([sys.executable, __file__, *again, "--only", n]) for n in names]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.no_grad():
        maker = Maker(read_rig(args.rig), device, 10 if device == "cuda" else 3)
        pool = draw(maker, args.renders, args.seed, args.step)
        store = pool_file(args).with_suffix(".part")
        torch.save({k: v.cpu() for k, v in vars(pool).items()}, store)
        store.rename(pool_file(args))
        print("renders", len(pool.image), f"{time.time() - args.began:.0f} s", flush=True)
        del pool
        if args.tests:
            tests(maker, args)
    codes = [p.wait() for p in running]
    pool_file(args).unlink()
    print(f"all {time.time() - args.began:.0f} s", codes, flush=True)
    return None if not any(codes) else sys.exit(1)


if __name__ == "__main__":
    main()
