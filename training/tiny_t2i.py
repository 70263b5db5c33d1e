"""Trains the tiny text-to-image model of iqmetrics.demo: five minutes on one GPU.

    python training/tiny_t2i.py --out out/ --vae-seconds 60 --unet-seconds 210

A small `AutoencoderKL` first, then a `UNet2DConditionModel` on its latents, conditioned on the text
tower of the tiny CLIP (frozen). Combinations that `Scene.held_out` keeps back are never shown.
Writes vae.safetensors (half precision), unet-PERCENT.safetensors after each share of --keep and
unet-100.safetensors (weights averaged over steps, packed by iqmetrics.demo.eight_bits), their
configurations, figures.json, and a pipeline folder of each checkpoint:
`iqm generate SUITE --model v2=diffusers:out/pipeline-100`.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors import numpy
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tiny_clip import normalised, render_many

from iqmetrics.demo import eight_bits, pipeline, scenes

VAE = {
    "block_out_channels": (32, 48, 64),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "sample_size": scenes.SIZE,
}
UNET = {
    "sample_size": scenes.SIZE // 4,
    "in_channels": 4,
    "out_channels": 4,
    "cross_attention_dim": 128,
    "block_out_channels": (48, 80, 96),
    "attention_head_dim": (6, 10, 12),  # heads; each is 8 wide
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3,
    "up_block_types": ("CrossAttnUpBlock2D",) * 3,
}
SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,  # else no background can be quite white or black
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "set_alpha_to_one": True,
    "steps_offset": 1,
}
NO_PROMPT = 0.1
"""Share of training images without their prompt, for classifier-free guidance."""


class Trainer:
    """AdamW steps on `loss()`, recorded as a CUDA graph, with an average of the weights."""

    def __init__(self, model, loss, args, lr: float) -> None:
        self.model, self.loss_of, self.peak = model, loss, lr
        self.cuda = args.device == "cuda"
        self.lr = torch.tensor(0.0, device=args.device) if self.cuda else 0.0
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=self.lr,
            betas=(0.9, 0.99),
            weight_decay=0.01,
            fused=self.cuda,
            capturable=self.cuda,
        )
        self.mean = [p.detach().clone() for p in self.parameters]
        self.graph = None
        if self.cuda and not args.eager:
            self._record()

    def _record(self) -> None:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.optimizer.zero_grad(set_to_none=True)
                self._once()
        torch.cuda.current_stream().wait_stream(side)
        self.optimizer.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._once()

    def _once(self) -> None:
        with torch.autocast("cuda" if self.cuda else "cpu", torch.bfloat16, cache_enabled=False):
            self.loss = self.loss_of()
        self.loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()

    def step(self, number: int, steps: int) -> None:
        lr = self.peak * min(1, (number + 1) / 200) * 0.5 * (1 + math.cos(math.pi * number / steps))
        if self.graph is not None:
            self.lr.fill_(lr)
            self.graph.replay()
        else:
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            self.optimizer.zero_grad(set_to_none=True)
            self._once()
        keep = min(0.999, (1 + number) / (10 + number))
        torch._foreach_lerp_(self.mean, [p.detach() for p in self.parameters], 1 - keep)

    def run(self, name: str, steps: int, seconds: float) -> Iterator[tuple[int, int]]:
        """Train; yields (step, steps) after each. `seconds` may shorten it, once, at step 150."""
        started = time.monotonic()
        number = 0
        while number < steps:
            self.step(number, steps)
            number += 1
            if number == 50:
                float(self.loss.detach())
                started = time.monotonic()
            if number == 150 and seconds:
                float(self.loss.detach())
                rate = 100 / (time.monotonic() - started)
                steps = min(steps, max(200, int(seconds * rate)))
                print(f"{name}: {rate:.1f} steps/s, {steps} steps", flush=True)
            if number % 500 == 0:
                print(f"{name} step {number} loss {float(self.loss.detach()):.5f}", flush=True)
            yield number, steps

    def averaged(self) -> dict[str, torch.Tensor]:
        """The averaged weights, half precision, on the CPU."""
        held = {id(p): m for p, m in zip(self.parameters, self.mean, strict=True)}
        named = dict(self.model.named_parameters())
        return {k: held[id(p)].half().cpu().contiguous() for k, p in named.items()}


def train_vae(images: torch.Tensor, args) -> tuple[AutoencoderKL, int]:
    """The autoencoder with averaged weights and a scaling factor that makes latents unit-sized."""
    vae = AutoencoderKL(**VAE).to(args.device)
    if args.vae:
        vae.load_state_dict({k: v.float() for k, v in load_file(args.vae).items()})
        return vae.eval().requires_grad_(False), 0

    def loss():
        rows = torch.randint(len(images), (args.vae_batch,), device=args.device)
        pixels = normalised(images[rows])
        posterior = vae.encode(pixels).latent_dist
        again = vae.decode(posterior.sample()).sample.float()
        divergence = (posterior.mean.float() ** 2 + posterior.var.float() - 1).mul(0.5)
        divergence = (divergence - 0.5 * posterior.logvar.float()).mean()
        return F.l1_loss(again, pixels) + F.mse_loss(again, pixels) + args.kl * divergence

    trainer = Trainer(vae, loss, args, args.vae_lr)
    done = sum(1 for _ in trainer.run("vae", args.vae_steps, args.vae_seconds))
    vae.load_state_dict({k: v.float() for k, v in trainer.averaged().items()})
    return vae.eval().requires_grad_(False), done


@torch.no_grad()
def encode(vae: AutoencoderKL, images: torch.Tensor) -> torch.Tensor:
    """Means of the latents, (n, 4, 16, 16)."""
    return torch.cat([vae.encode(normalised(x)).latent_dist.mean for x in images.split(1000)])


@torch.no_grad()
def prompts(args) -> tuple[dict[scenes.Scene, int], torch.Tensor]:
    """Row of each scene, and hidden states (scenes * 6 + 1, 24, 128); the last is no prompt."""
    from transformers import CLIPTextModel, CLIPTokenizer

    pipeline.write_text(args.out)
    tower = CLIPTextModel.from_pretrained(args.out / "text_encoder", dtype=torch.float32)
    tokenizer = CLIPTokenizer.from_pretrained(args.out / "tokenizer")
    known = [s for s in scenes.every() if not args.few or s.background == "white"]
    texts = [scenes.caption(s, lang, v) for s in known for lang in ("en", "zh") for v in range(3)]
    ids = tokenizer([*texts, ""], padding="max_length", return_tensors="pt").input_ids
    tower.to(args.device).eval()
    states = [tower(x.to(args.device))[0].to(args.dtype) for x in ids.split(2000)]
    return {s: i for i, s in enumerate(known)}, torch.cat(states)


def save_packed(weights: dict[str, torch.Tensor], path: Path) -> None:
    """The form that is shipped: see iqmetrics.demo.eight_bits."""
    numpy.save_file(eight_bits.pack({k: v.numpy() for k, v in weights.items()}), path)


def train_unet(latents, rows_of, states, args) -> dict[str, float]:
    """The UNet; writes a checkpoint after each share of --keep and the last one."""
    unet = UNet2DConditionModel(**UNET).to(args.device)
    alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(args.device)
    nothing = len(states) - 1

    def loss():
        n, device = args.batch, args.device
        rows = torch.randint(len(latents), (n,), device=device)
        clean = latents[rows].float()
        said = rows_of[rows] * 6 + torch.randint(6, (n,), device=device)
        said = torch.where(torch.rand(n, device=device) < NO_PROMPT, nothing, said)
        times = torch.randint(len(alphas), (n,), device=device)
        keep = alphas[times].view(-1, 1, 1, 1)
        noise = torch.randn_like(clean)
        noisy = keep.sqrt() * clean + (1 - keep).sqrt() * noise
        target = keep.sqrt() * noise - (1 - keep).sqrt() * clean
        return F.mse_loss(unet(noisy, times, states[said]).sample.float(), target)

    trainer = Trainer(unet, loss, args, args.lr)
    (args.out / "unet.json").write_text(unet.to_json_string())
    wanted = sorted(args.keep)
    done = 0
    for done, steps in trainer.run("unet", args.steps, args.unet_seconds):
        while wanted and done >= wanted[0] / 100 * steps and done > 150:
            save_packed(trainer.averaged(), args.out / f"unet-{wanted.pop(0)}.safetensors")
    save_packed(trainer.averaged(), args.out / "unet-100.safetensors")
    return {"steps": done, "seen": done * args.batch, "loss": float(trainer.loss.detach())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=300_000)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--vae-steps", type=int, default=6000)
    parser.add_argument("--vae-seconds", type=float, default=0, help="fewer steps if they take it")
    parser.add_argument("--vae-batch", type=int, default=256)
    parser.add_argument("--vae-lr", type=float, default=1e-3)
    parser.add_argument("--vae", type=Path, help="take this autoencoder, train none")
    parser.add_argument("--kl", type=float, default=1e-3)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--unet-seconds", type=float, default=0, help="likewise")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--keep", type=int, nargs="*", default=[5, 12, 30], help="percent of steps")
    parser.add_argument("--eager", action="store_true", help="record no CUDA graph")
    parser.add_argument("--few", action="store_true", help="a dry run on white backgrounds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    args.dtype = torch.bfloat16 if args.device == "cuda" else torch.float32
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = False  # trying kernels takes longer than it saves
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:.0f} s: {what}", flush=True)

    pixels, shown = render_many(args.images, 1000 * args.seed + 1, False, args.workers)
    tell(f"{len(pixels)} scenes")
    rows, states = prompts(args)
    tell(f"{len(states)} captions")
    kept = np.array([s in rows for s in shown])
    images = torch.from_numpy(pixels[kept]).to(args.device)
    rows_of = torch.tensor([rows[s] for s in shown if s in rows], device=args.device)

    vae, vae_steps = train_vae(images, args)
    latents = encode(vae, images)
    scale = 1 / float(latents.std())
    latents = (latents * scale).to(args.dtype)
    again = vae.decode(latents[:500].float() / scale).sample
    error = float((again - normalised(images[:500])).abs().mean())
    vae.register_to_config(scaling_factor=round(scale, 4))
    save_file(
        {k: v.half().cpu().contiguous() for k, v in vae.state_dict().items()},
        args.out / "vae.safetensors",
        {"format": "pt"},
    )
    (args.out / "vae.json").write_text(vae.to_json_string())
    (args.out / "scheduler.json").write_text(DDIMScheduler(**SCHEDULER).to_json_string())
    tell(f"vae: {vae_steps} steps, mean error {127.5 * error:.2f} of 255, scale {scale:.3f}")
    found = train_unet(latents, rows_of, states, args)
    tell(f"unet: {found}")
    for path in args.out.glob("unet-*.safetensors"):
        pipeline.assemble(args.out, path.stem, args.out / path.stem.replace("unet", "pipeline"))
    figures = {"vae_steps": vae_steps, "vae_error_of_255": 127.5 * error, **found}
    figures["trained_s"] = time.monotonic() - began
    (args.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
