"""Trains the tiny CLIP of iqmetrics.demo on procedural scenes: a few minutes on one GPU.

    python training/tiny_clip.py --out out/ --seeds 0 1 2 --steps 5000

writes out/seed0/ ... (loadable as `local-dir:out/seed0` by open_clip) and out/figures.json. Seed 0
is the one that is shipped; it was named before the first run.
"""

import argparse
import json
import math
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from iqmetrics.demo import scenes

CONTEXT = 24
VOCABULARY = 1024
LANGUAGES: tuple[scenes.Language, ...] = ("en", "zh")
CONFIG = {
    "model_cfg": {
        "embed_dim": 128,
        "vision_cfg": {
            "image_size": scenes.SIZE,
            "patch_size": 8,
            "width": 192,
            "head_width": 32,
            "layers": 4,
        },
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": VOCABULARY,
            "hf_tokenizer_name": "iqmetrics-tiny-clip",
            "width": 128,
            "heads": 4,
            "layers": 3,
            "eos_id": VOCABULARY - 1,
        },
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
}
FOIL_ODDS = (0.3, 0.2, 2.0, 1.0, 2.5, 4.0, 1.0)
"""How often each kind of scenes.FOILS is among the three wrong captions of a scene."""


# -- tokenizer ------------------------------------------------------------------------------------


def learn_merges(texts: list[str], count: int, byte_names: dict[int, str]) -> list[tuple[str, str]]:
    """Byte-pair merges in CLIP's layout: bytes of a word, the last one with `</w>`."""
    words = Counter(w for t in texts for w in re.findall(r"[^\W\d_]+|\d|[^\s\w]+", t.lower()))
    split = {w: [*(byte_names[b] for b in w.encode())] for w in words}
    for pieces in split.values():
        pieces[-1] += "</w>"
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, pieces in split.items():
            for pair in pairwise(pieces):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        for pieces in split.values():
            i = 0
            while i + 1 < len(pieces):
                if (pieces[i], pieces[i + 1]) == best:
                    pieces[i : i + 2] = ["".join(best)]
                i += 1
    return merges


def build_tokenizer(folder: Path) -> None:
    """Write a CLIP tokenizer of 1,024 entries that covers every caption with whole pieces."""
    from open_clip.tokenizer import bytes_to_unicode
    from transformers import CLIPTokenizer

    byte_names = bytes_to_unicode()
    few = Random(0).sample(list(scenes.every()), 250)
    texts = [scenes.caption(s, lang, v) for s in few for lang in LANGUAGES for v in range(3)]
    merges = learn_merges(texts, VOCABULARY - 512 - 3, byte_names)
    names = [*byte_names.values(), *(b + "</w>" for b in byte_names.values())]
    names += ["".join(m) for m in merges]
    names += [f"<|unused{i}|>" for i in range(VOCABULARY - 3 - len(names))]
    names += ["<|pad|>", "<|startoftext|>", "<|endoftext|>"]
    vocab = {name: i for i, name in enumerate(names)}
    assert len(vocab) == VOCABULARY
    CLIPTokenizer(
        vocab=vocab, merges=merges, pad_token="<|pad|>", model_max_length=CONTEXT
    ).save_pretrained(folder)


# -- data -----------------------------------------------------------------------------------------


def _render_chunk(job: tuple[int, int, bool | None]) -> tuple[np.ndarray, list[scenes.Scene]]:
    seed, count, held_out = job
    rng, source = Random(seed), scenes.stream(seed, held_out)
    drawn = [next(source) for _ in range(count)]
    return np.stack([np.asarray(scenes.render(s, rng)) for s in drawn]), drawn


def render_many(
    count: int, first_seed: int, held_out: bool | None, workers: int
) -> tuple[np.ndarray, list[scenes.Scene]]:
    """`count` rendered scenes, uint8 (count, 64, 64, 3), and what they show."""
    size = max(1, min(2500, count // max(1, workers)))
    jobs = [
        (first_seed + i, min(size, count - i * size), held_out) for i in range(-(-count // size))
    ]
    if workers <= 1:
        parts = [_render_chunk(job) for job in jobs]
    else:
        with ProcessPoolExecutor(workers) as pool:
            parts = list(pool.map(_render_chunk, jobs))
    return np.concatenate([p for p, _ in parts]), [s for _, drawn in parts for s in drawn]


class Captions:
    """Every scene's captions as token ids and its foils as scene numbers, on the device."""

    def __init__(self, tokenizer, device: str) -> None:
        known = list(scenes.every())
        self.number = {s: i for i, s in enumerate(known)}
        texts = [scenes.caption(s, lang, v) for s in known for lang in LANGUAGES for v in range(3)]
        ids = tokenizer(texts, context_length=CONTEXT)
        assert (ids[:, -1] != VOCABULARY - 1).all(), "a caption fills the context"
        self.ids = ids.reshape(len(known), 6, CONTEXT).to(device)
        facts: dict[str, int] = {}
        numbers = [facts.setdefault(s.facts, len(facts)) for s in known]
        self.facts = torch.tensor(numbers, device=device)
        choices = np.zeros((len(known), len(scenes.FOILS), 11), np.int64)
        counts = np.zeros((len(known), len(scenes.FOILS)), np.int64)
        for i, scene in enumerate(known):
            for kind, wrong in scenes.all_foils(scene).items():
                k = scenes.FOILS.index(kind)
                counts[i, k] = len(wrong)
                choices[i, k, : len(wrong)] = [self.number[w] for w in wrong]
        self.choices = torch.from_numpy(choices).to(device)
        self.counts = torch.from_numpy(counts).to(device)
        self.odds = torch.tensor(FOIL_ODDS, device=device)

    def foils(self, shown: torch.Tensor, how_many: int) -> torch.Tensor:
        """Scene numbers of random foils of different kinds, (len(shown), how_many)."""
        counts = self.counts[shown]
        race = torch.empty(counts.shape, device=shown.device).exponential_()
        kinds = (self.odds * (counts > 0) / race).topk(how_many).indices
        rows = torch.arange(len(shown), device=shown.device)[:, None]
        which = (torch.rand_like(kinds, dtype=torch.float32) * counts[rows, kinds]).long()
        return self.choices[shown[:, None], kinds, which]

    def tokens(self, shown: torch.Tensor) -> torch.Tensor:
        """One random caption of each scene, in either language."""
        return self.ids[shown, torch.randint(6, shown.shape, device=shown.device)]


def normalised(images: torch.Tensor) -> torch.Tensor:
    """uint8 NHWC to float NCHW as the preprocessing of the saved model does it."""
    return images.permute(0, 3, 1, 2).float().div_(255).sub_(0.5).div_(0.5)


# -- training -------------------------------------------------------------------------------------


def loss_of(model, images, shown, captions: Captions, foils: int = 3) -> torch.Tensor:
    """Contrast with the batch (same facts masked) and, apart, with the scene's own foils."""
    n = len(shown)
    wrong = captions.foils(shown, foils).T.reshape(-1)
    said = torch.cat([shown, wrong])
    image = F.normalize(model.encode_image(images).float(), dim=-1)
    text = F.normalize(model.encode_text(captions.tokens(said)).float(), dim=-1)
    logits = model.logit_scale.exp().clamp(max=100) * image @ text.T
    own = logits.reshape(n, foils + 1, n).diagonal(dim1=0, dim2=2).T
    same = captions.facts[shown][:, None] == captions.facts[said][None]
    same[:, :n].fill_diagonal_(False)
    logits = logits.masked_fill(same, -1e4)
    target = torch.arange(n, device=shown.device)
    return (
        F.cross_entropy(logits, target)
        + F.cross_entropy(logits[:, :n].T, target)
        + 2 * F.cross_entropy(own, torch.zeros_like(target))
    )


class Step:
    """One optimiser step; on a GPU it is recorded once and replayed, several times as fast."""

    def __init__(self, model, images, shown, captions: Captions, args) -> None:
        self.parts = (images, shown, captions)
        self.model, self.args = model, args
        decayed = [p for p in model.parameters() if p.ndim > 1]
        plain = [p for p in model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}]
        self.cuda = args.device == "cuda"
        self.lr = torch.tensor(0.0, device=args.device) if self.cuda else 0.0
        self.optimizer = torch.optim.AdamW(
            groups, lr=self.lr, betas=(0.9, 0.98), fused=self.cuda, capturable=self.cuda
        )
        self.graph = None

    def record(self) -> None:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.eager()
        torch.cuda.current_stream().wait_stream(side)
        self.optimizer.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.loss = self._forward_backward()

    def eager(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self.loss = self._forward_backward()

    def _forward_backward(self):
        images, shown, captions = self.parts
        rows = torch.randint(len(shown), (self.args.batch,), device=self.args.device)
        with torch.autocast(
            self.args.device, torch.bfloat16, enabled=self.cuda, cache_enabled=False
        ):
            loss = loss_of(self.model, normalised(images[rows]), shown[rows], captions)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
        self.optimizer.step()
        return loss

    def __call__(self, lr: float) -> None:
        if self.cuda:
            self.lr.fill_(lr)
        else:
            for group in self.optimizer.param_groups:
                group["lr"] = lr
        if self.graph is not None:
            self.graph.replay()
        else:
            self.eager()


def train(seed, folder: Path, images, shown, captions, args) -> dict[str, float]:
    """One training run; writes its weights (half precision) and returns its figures."""
    import open_clip
    from safetensors.torch import load_file, save_file

    torch.manual_seed(seed)
    model = open_clip.CLIP(**CONFIG["model_cfg"]).to(args.device)
    if args.resume:
        state = load_file(args.resume / f"seed{seed}" / "open_clip_model.safetensors")
        model.load_state_dict({k: v.float() for k, v in state.items()})
    step_once = Step(model, images, shown, captions, args)
    if step_once.cuda:
        step_once.record()
    steps, step = args.steps, 0
    began = started = time.monotonic()
    while step < steps:
        warm = min(1, (step + 1) / 200)
        step_once(args.lr * warm * 0.5 * (1 + math.cos(math.pi * step / steps)))
        step += 1
        if step in (100, 200) and args.max_seconds:
            float(step_once.loss.detach())
            rate = 100 / (time.monotonic() - started)
            started = time.monotonic()
            if step == 200:
                steps = min(args.steps, max(300, int(args.max_seconds * rate)))
                print(f"seed {seed}: {rate:.1f} steps/s, {steps} steps", flush=True)
        if step % 500 == 0:
            print(f"seed {seed} step {step} loss {float(step_once.loss.detach()):.4f}", flush=True)
    float(step_once.loss.detach())
    trained_s = time.monotonic() - began
    halves = {k: v.detach().half().cpu().contiguous() for k, v in model.state_dict().items()}
    model.load_state_dict({k: v.float() for k, v in halves.items()})
    folder.mkdir(parents=True, exist_ok=True)
    save_file(halves, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    found = {"steps": float(steps), "seen": float(steps * args.batch), "trained_s": trained_s}
    for name, held_out, first in (("", None, 10_000_000), ("_new_combination", True, 20_000_000)):
        figures = evaluate(model.eval(), captions, args, held_out, first)
        found |= {f"{k}{name}": v for k, v in figures.items()}
    return found


@torch.no_grad()
def evaluate(model, captions: Captions, args, held_out, first_seed: int) -> dict[str, float]:
    """R@1 within pools of 100 distinct scenes, and foil accuracy by kind, on unseen renders."""
    pools = max(1, args.unseen // 100)
    rng, source = Random(first_seed), scenes.stream(first_seed, held_out)
    drawn = [s for _ in range(pools) for s in scenes.distinct(source, 100)]
    pixels = np.stack([np.asarray(scenes.render(s, rng)) for s in drawn])
    images = normalised(torch.from_numpy(pixels).to(args.device))
    image = F.normalize(torch.cat([model.encode_image(x) for x in images.split(500)]), dim=-1)

    def encode(numbers: list[int], variants: list[int]) -> torch.Tensor:
        ids = captions.ids[numbers, variants]
        return F.normalize(torch.cat([model.encode_text(x) for x in ids.split(2000)]), dim=-1)

    variants = [rng.randrange(6) for _ in drawn]
    text = encode([captions.number[s] for s in drawn], variants)
    scores = torch.einsum("pid,pjd->pij", image.view(pools, 100, -1), text.view(pools, 100, -1))
    right = (scores.argmax(-1).cpu() == torch.arange(100)).float().mean()
    found = {"r1": float(right)}
    own = (image * text).sum(-1)
    wrong = [scenes.foils(s, rng) for s in drawn]
    for kind in scenes.FOILS:
        rows = [i for i, w in enumerate(wrong) if kind in w]
        foil = encode([captions.number[wrong[i][kind]] for i in rows], [variants[i] for i in rows])
        better = own[rows] > (image[rows] * foil).sum(-1)
        found[kind] = float(better.float().mean())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument(
        "--max-seconds", type=float, default=0, help="fewer steps if they take longer"
    )
    parser.add_argument("--resume", type=Path, help="go on from the weights in this folder")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--images", type=int, default=600_000)
    parser.add_argument("--unseen", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    started = time.monotonic()
    args.out.mkdir(parents=True, exist_ok=True)
    print("start", flush=True)
    build_tokenizer(args.out / "tokenizer")
    print(f"{time.monotonic() - started:.0f} s: tokenizer", flush=True)
    from open_clip.tokenizer import HFTokenizer

    tokenizer = HFTokenizer(str(args.out / "tokenizer"), context_length=CONTEXT)
    captions = Captions(tokenizer, args.device)
    print(f"{time.monotonic() - started:.0f} s: {len(captions.number)} scenes known", flush=True)
    pixels, drawn = render_many(args.images, 0, False, args.workers)
    images = torch.from_numpy(pixels).to(args.device)
    shown = torch.tensor([captions.number[s] for s in drawn], device=args.device)
    print(f"{time.monotonic() - started:.0f} s: {len(shown)} scenes rendered", flush=True)
    figures = {}
    for seed in args.seeds:
        folder = args.out / f"seed{seed}"
        figures[f"seed{seed}"] = train(seed, folder, images, shown, captions, args)
        print(f"{time.monotonic() - started:.0f} s", json.dumps(figures[f"seed{seed}"]), flush=True)
        (args.out / "figures.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
