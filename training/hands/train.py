"""Trains the counting net, and the nets that judge it, on one GPU in minutes; everything is seeded.

    python training/hands/train.py --pack pack.npz --rig right.glb \
        --backbone hand_landmark_full.onnx --out OUT --minutes 5

Nets trained side by side on the same batches: `ship` (everything), `fold0` and `fold1` (only the
photographs of that half of the persons and sessions; each is judged by the other half), `photos`
(maker A only, judged by the renders of maker B). Writes one .safetensors each (averaged weights,
float16) and `tests.npz`: crops with truth for benchmarks/validity/hands.py.
"""

import argparse
import io
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from compose import SHARES, SIZE, STATES, Batch, Composer, Renders
from maker3d import Maker, read_rig
from model import Counter
from packed import load
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

NETS = ("ship", "fold0", "fold1", "photos")


def draw(maker: Maker, total: int, seed: int, step: int) -> Renders:
    """A pool of rendered layers."""
    g = torch.Generator().manual_seed(seed)
    parts: dict[str, list[Tensor]] = {
        k: [] for k in ("image", "alpha", "tips", "count", "pose", "clear")
    }
    for _ in range(0, total, step):
        r = maker.make(step, SIZE, g)
        parts["image"].append((r.image * 255).byte())
        parts["alpha"].append((r.alpha * 255).byte())
        for key in ("tips", "count", "pose", "clear"):
            parts[key].append(getattr(r, key))
    return Renders(**{k: torch.cat(v) for k, v in parts.items()})


def loss_of(net: nn.Module, batch: Batch, use: Tensor, dtype: torch.dtype) -> Tensor:
    """Focal loss of the fingertip map, cross entropies of state and count."""
    image = batch.image[use].contiguous(memory_format=torch.channels_last)
    with torch.autocast(image.device.type, dtype, enabled=dtype != torch.float32):
        heat, state, count = net(image)
    heat, state, count = heat.float()[:, 0], state.float(), count.float()
    tips, truth = batch.tips[use] / 4 - 0.375, batch.state[use]
    line = torch.arange(56, device=image.device) + 0.0
    gx = torch.exp(-((line - tips[..., :1]) ** 2) / (2 * 1.2**2))
    gy = torch.exp(-((line - tips[..., 1:]) ** 2) / (2 * 1.2**2))
    spots = torch.nan_to_num(gy[..., :, None] * gx[..., None, :]).amax(1)
    peak = spots > 0.92
    p = torch.sigmoid(heat).clamp(1e-4, 1 - 1e-4)
    focal = torch.where(peak, -((1 - p) ** 2) * p.log(), -((1 - spots) ** 4) * p**2 * (1 - p).log())
    known = (truth == 0) & ~torch.isnan(batch.tips[use][..., 0]).all(1) | (truth == 3)
    fine = (focal.sum((1, 2)) * known).sum() / known.sum().clamp_min(1) / 5
    counted = (truth == 0).float()
    which = nn.functional.cross_entropy(
        count, batch.count[use], reduction="none", label_smoothing=0.02
    )
    group = nn.functional.cross_entropy(state, truth, label_smoothing=0.02)
    return fine + (which * counted).sum() / counted.sum().clamp_min(1) + group


@torch.no_grad()
def views(net: nn.Module, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Peaks (B V), state and count probabilities (B V C) of four views: flips and turns."""
    turned = []
    for angle in (0.0, 0.0, 0.21, -0.21):
        c, s = math.cos(angle), math.sin(angle)
        theta = torch.tensor([[c, -s, 0], [s, c, 0]], device=image.device).expand(len(image), 2, 3)
        grid = nn.functional.affine_grid(theta, image.shape, align_corners=False)
        turned.append(
            nn.functional.grid_sample(image, grid, align_corners=False, padding_mode="border")
        )
    turned[1], turned[3] = turned[1].flip(3), turned[3].flip(3)
    peaks, states, counts = [], [], []
    for view in turned:
        heat, state, count = net(view)
        p = torch.sigmoid(heat)
        top = (p == nn.functional.max_pool2d(p, 5, 1, 2)) & (p > 0.3)
        peaks.append(top.sum((1, 2, 3)))
        states.append(state.softmax(1))
        counts.append(count.softmax(1))
    return torch.stack(peaks, 1), torch.stack(states, 1), torch.stack(counts, 1)


def judged(net: nn.Module, image: Tensor) -> Tensor:
    """Verdict of each crop: 0, 1, 2 as the count class, -1 = not countable."""
    total, image = len(image), torch.cat([image, image[:1].expand(-len(image) % 128, -1, -1, -1)])
    parts = [views(net, c) for c in image.split(128)]
    peaks, state, count = (torch.cat(x)[:total] for x in zip(*parts, strict=True))
    p, c = state.mean(1)[:, 0], count.mean(1)
    best, which = c.max(1)
    group = torch.where(peaks <= 4, 0, torch.where(peaks == 5, 1, 2))
    agree = (group == which[:, None]).sum(1)
    need = torch.where(which == 1, 0.5, 0.6)
    ok = (
        (p >= need)
        & (best >= torch.where(which == 1, 0.6, 0.75))
        & (agree >= torch.where(which == 1, 2, 3))
    )
    return torch.where(ok, which, -1)


def report(net: nn.Module, sets: dict[str, tuple[Tensor, Tensor]]) -> dict[str, list[float]]:
    """For each set: size, share decided, then shares called <=4, 5, >=6 of all."""
    net.eval()
    out = {}
    for name, (image, _) in sets.items():
        if len(image) == 0:
            continue
        v = judged(net, image.float() / 255)
        out[name] = [len(v), *(round(float((v == k).float().mean()), 4) for k in (-1, 0, 1, 2))]
    net.train()
    return out


def test_sets(composer: Composer, fold: int, each: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Undisturbed crops of one fold by kind, for judging the net of the other fold."""
    pack, sets = composer.pack, {}
    mine = lambda pool: pool[pack.fold[pool.to(pack.fold.device)].cpu() == fold]  # noqa: E731
    opened, every, closed = mine(composer.open), mine(composer.any_open), mine(composer.closed)
    sets["normal"] = torch.cat(
        [
            composer.untouched(every[i : i + 64].to(composer.device))
            for i in range(0, len(every), 64)
        ]
    )
    sets["closed"] = torch.cat(
        [
            composer.untouched(closed[i : i + 64].to(composer.device))
            for i in range(0, len(closed), 64)
        ]
    )
    for k, name in enumerate(SHARES):
        parts = []
        for _ in range(0, each, 50):
            index = composer.choose(opened, 50)
            parts.append(composer.photos(index, torch.full_like(index, k))[0])
        sets[name] = torch.cat(parts)
    return {k: ((v.clamp(0, 1) * 255).byte(), torch.zeros(0)) for k, v in sets.items()}


def render_sets(composer: Composer, renders: Renders) -> dict[str, tuple[Tensor, Tensor]]:
    """Renders over scenes: 4, 5, 6 or more (open, every tip in view), and folded hands."""
    group = torch.where(
        renders.pose > 0, 3, torch.where(renders.clear, renders.count.clamp(4, 6) - 4, 4)
    )
    sets = {}
    for k, name in enumerate(("render4", "render5", "render6", "render_folded")):
        index = torch.nonzero(group == k)[:300, 0]
        image = composer._over(
            renders.image[index] / 255, renders.alpha[index] / 255, composer.scenes(len(index))
        )
        sets[name] = ((image.clamp(0, 1) * 255).byte(), torch.zeros(0))
    return sets


def main() -> None:
    """Train, report, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pack", "rig", "backbone", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--renders", type=int, default=5120)
    parser.add_argument("--step", type=int, default=16)
    parser.add_argument("--most", type=int, default=10**9)
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.time()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(args.seed)
    pack = load(args.pack, device, args.most)
    print("pack", len(pack.image), len(pack.scene), f"{time.time() - began:.0f} s", flush=True)
    maker = Maker(read_rig(args.rig), device, 13 if device == "cuda" else 4)
    pool = draw(maker, args.renders, args.seed, args.step)
    held = draw(maker, max(args.renders // 4, args.step), args.seed + 100, args.step)
    print("renders", len(pool.image), f"{time.time() - began:.0f} s", flush=True)
    composer = Composer(pack, pool, args.seed)
    names = args.nets.split(",")
    nets = {
        n: Counter(args.backbone).to(device).to(memory_format=torch.channels_last) for n in names
    }
    smooth = {
        n: torch.optim.swa_utils.AveragedModel(
            net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
        )
        for n, net in nets.items()
    }
    groups = []
    for net in nets.values():
        base = [*net.backbone.parameters()]
        rest = [p for n, p in net.named_parameters() if not n.startswith("backbone")]
        groups += [
            {"params": base, "lr": 4e-4, "top": 4e-4},
            {"params": rest, "lr": 2e-3, "top": 2e-3},
        ]
    optimiser = torch.optim.AdamW(groups, weight_decay=1e-3)
    start, step, budget = time.time(), 0, args.minutes * 60
    sums: dict[str, float] = {}
    while (spent := time.time() - start) < budget:
        done = spent / budget
        for group in optimiser.param_groups:
            warm = min(1.0, (step + 1) / 40)
            group["lr"] = group["top"] * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        with torch.no_grad():
            batch = composer.batch(args.batch)
        total = torch.zeros((), device=device)
        for n, net in nets.items():
            use = torch.arange(len(batch.state), device=device)
            if n != "ship":  # a fixed number: cuDNN searches anew for each batch size
                fits = (
                    (batch.maker != 1)
                    if n == "photos"
                    else (batch.fold == int(n[-1])) | (batch.fold < 0)
                )
                use = torch.multinomial(fits.float(), len(use) // 2, replacement=True)
            loss = loss_of(net, batch, use, dtype)
            if step % 50 == 0:
                sums[n] = float(loss.detach())
            total = total + loss
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_([p for net in nets.values() for p in net.parameters()], 8.0)
        optimiser.step()
        for n, net in nets.items():
            smooth[n].update_parameters(net)
        if step % 50 == 0:
            print(
                step,
                f"{time.time() - start:.0f} s",
                {k: round(v, 3) for k, v in sums.items()},
                flush=True,
            )
        step += 1
    print("steps", step, flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    for n in names:
        best = smooth[n].module
        save_file(
            {
                k: (v.half() if v.is_floating_point() else v).contiguous()
                for k, v in best.state_dict().items()
            },
            args.out / f"{n}.safetensors",
        )
    each = 150 if device == "cuda" else 1
    calm = Composer(pack, held, args.seed + 200, calm=True)
    results: dict[str, dict[str, list[float]]] = {}
    with torch.no_grad():
        rendered = render_sets(calm, held)
        sets = {f: test_sets(calm, f, each) for f in (0, 1)}
        for n in names:
            net = smooth[n].module
            for f in (0, 1):
                if n != f"fold{f}":
                    results[f"{n} on fold {f}"] = report(net, sets[f])
            results[f"{n} on renders"] = report(net, rendered)
    for name, rows in results.items():
        print(name)
        for key, row in rows.items():
            print(
                f"   {key:14s} n {row[0]:4d}  abstained {row[1]:.3f}",
                f"<=4 {row[2]:.3f}  5 {row[3]:.3f}  >=6 {row[4]:.3f}",
            )
    (args.out / "report.json").write_text(json.dumps({"steps": step, "states": STATES, **results}))
    keep_tests(args.out / "tests.npz", rendered)
    if device == "cuda":
        print("memory", torch.cuda.max_memory_allocated() // 2**20, "MiB")
    print(f"all {time.time() - began:.0f} s")


def keep_tests(path: Path, rendered: dict[str, tuple[Tensor, Tensor]]) -> None:
    """Renders that no net was trained on, as JPEG crops by kind."""
    out: dict[str, np.ndarray] = {}
    for name, (images, _) in rendered.items():
        blobs = []
        for image in images[:250]:
            store = io.BytesIO()
            Image.fromarray(image.permute(1, 2, 0).cpu().numpy()).save(store, "JPEG", quality=92)
            blobs.append(np.frombuffer(store.getvalue(), np.uint8))
        out[name] = np.concatenate(blobs) if blobs else np.zeros(0, np.uint8)
        out[name + "_ends"] = np.cumsum([len(b) for b in blobs])
    np.savez(path, **out)


if __name__ == "__main__":
    main()
