"""Makes the trust network of `grain`: synthetic grain over clean scenes, where truth is exact.

    python training/grain.py features SCENES_FOLDER --out tiles.npz      (about 20 minutes, 2 cores)
    python training/grain.py fit tiles.npz --out iqmetrics/nets/grain/trust.npz    (about 10 minutes)

SCENES_FOLDER holds clean images (photos reduced twofold or more, denoised). The shipped network was
fitted on 126 wallpapers of Debian's packages (gnome-, mate-, plasma-, lomiri-, ukui-) and of
pop-os/wallpapers, and 21 images of comfyui-workflow-templates-media-image; none is distributed.
Every number comes from fixed seeds. `fit` leaves out every sixth scene to choose the epoch.
"""

import argparse
import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from iqmetrics.nets.grain import synthesis, trust
from iqmetrics.nets.grain.bands import FEATURES, tile_features
from iqmetrics.nets.grain.field import tile_means

RUNS = 26
SEED = 20


def truth(noise: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Natural log of the grain's true strength in every tile, [rows, columns]."""
    power = tile_means(torch.from_numpy(noise**2)[None], *shape)[0].numpy()
    return 0.5 * np.log(power + 0.02)


def degrade(
    pixels: np.ndarray, clean: np.ndarray, noise: np.ndarray, how: float
) -> tuple[np.ndarray, np.ndarray]:
    """JPEG, half size or nothing; the noise that goes with it."""
    if how < 0.22:
        buffer = io.BytesIO()
        quality = int(72 + 26 * how / 0.22)
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer)), noise
    if how < 0.34:
        small = [
            np.asarray(Image.fromarray(i).reduce(2), np.float32) @ synthesis.LUMA
            for i in (pixels, clean)
        ]
        return np.asarray(Image.fromarray(pixels).reduce(2)), small[0] - small[1]
    return pixels, noise


def runs(scenes: list[Path]):
    """Yields (scene number, features, truth, log cell size or nan) for every synthetic image."""
    rng = np.random.default_rng(SEED)
    bank = {
        kind: [synthesis.textures(kind, 1100, 4, rng) for _ in range(4 if kind != "white" else 2)]
        for kind in synthesis.KINDS
    }
    for number, path in enumerate(scenes):
        clean = np.asarray(Image.open(path).convert("RGB"))
        for run in range(RUNS):
            rng = np.random.default_rng((SEED, number, run))
            kind = synthesis.KINDS[rng.integers(5)]
            planes = bank[kind][rng.integers(len(bank[kind]))]
            name = synthesis.FIELDS[rng.choice(5, p=[0.34, 0.24, 0.14, 0.14, 0.14])]
            relative = synthesis.field(
                name, *clean.shape[:2], float(np.exp(rng.uniform(np.log(0.08), np.log(0.75)))), rng
            )
            sigma = 0.0 if run < 3 else float(np.exp(rng.uniform(np.log(0.6), np.log(14))))
            grey = rng.random() < 0.12
            base = clean
            if grey:
                base = np.repeat(
                    np.rint(clean @ synthesis.LUMA).astype(np.uint8)[..., None], 3, -1
                )
            base = base[:, ::-1] if rng.random() < 0.5 else base
            colour = 1.0 if grey else rng.choice([0.0, 0.5, 0.8, 1.0])
            made = synthesis.add_grain(base, kind, sigma, relative, rng, colour, planes)
            how = rng.random()
            pixels, noise = degrade(made.pixels, base, made.luma_noise, how)
            found, _ = tile_features(torch.from_numpy(np.array(pixels))[None])
            size = made.size / 2 if 0.22 <= how < 0.34 else made.size
            yield (
                number,
                found[0].numpy(),
                truth(noise, pixels.shape[:2]),
                np.log(max(size, 1.0)) if sigma > 0 else np.nan,
            )


def features(folder: Path, out: Path) -> None:
    torch.set_num_threads(1)
    scenes = sorted(folder.glob("*.png"))
    xs, ys, scene_of, shapes, sizes = [], [], [], [], []
    for number, x, y, size in runs(scenes):
        xs.append(x.reshape(-1, x.shape[-1]).astype(np.float16))
        ys.append(y.reshape(-1).astype(np.float32))
        scene_of.append(number)
        shapes.append(y.shape)
        sizes.append(size)
        if len(ys) % 200 == 0:
            print(len(ys), "images", flush=True)
    np.savez(
        out,
        x=np.concatenate(xs),
        y=np.concatenate(ys),
        scene=np.array(scene_of),
        shape=np.array(shapes),
        size=np.array(sizes, np.float32),
        names=json.dumps(FEATURES),
    )


def start(x: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Fresh parameters, standardising the features."""
    made = {}
    for name, shape in trust.SHAPES.items():
        if name.endswith(".w"):
            made[name] = rng.normal(0, (1.6 / shape[0]) ** 0.5, shape)
        else:
            made[name] = np.zeros(shape)
    made["out.w"] *= 0.1
    made["mean"], made["scale"] = x.mean(0), x.std(0) + 1e-3
    return {name: torch.tensor(value, dtype=torch.float32) for name, value in made.items()}


def loss_of(batch: tuple[torch.Tensor, ...], given: dict[str, torch.Tensor]) -> torch.Tensor:
    """Laplace likelihood of the true strength, and of the cell size where there is grain."""
    x, y, size = batch
    strength, error, cell = trust.judge(x, given)
    fit = ((strength - y).abs() / error + error.log()).mean()
    known = torch.isfinite(size)
    if not known.any():
        return fit
    weight = 1 / (1 + (error.detach()[known] / 0.2) ** 2)
    mean = (weight * cell[known]).sum((1, 2)) / weight.sum((1, 2))
    return fit + 0.5 * (mean - size[known]).abs().mean()


def fit(source: Path, out: Path, epochs: int = 60, leave: int = 6) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    data = np.load(source)
    x, y = data["x"].astype(np.float32), data["y"]
    ends = np.cumsum(data["shape"].prod(1))
    images = [
        (
            torch.from_numpy(x[end - r * c : end].reshape(r, c, -1)),
            torch.from_numpy(y[end - r * c : end].reshape(r, c)),
        )
        for end, (r, c) in zip(ends, data["shape"], strict=True)
    ]
    held = data["scene"] % leave == leave - 1
    given = start(x, rng)
    learn = [value.requires_grad_() for key, value in given.items() if key not in ("mean", "scale")]
    optimiser = torch.optim.AdamW(learn, lr=2e-3, weight_decay=1e-3)

    def batches(which: np.ndarray) -> list[np.ndarray]:
        made = []
        for shape in np.unique(data["shape"], axis=0):
            group = rng.permutation(np.flatnonzero(which & (data["shape"] == shape).all(1)))
            made += [group[i : i + 24] for i in range(0, len(group), 24)]
        return [made[i] for i in rng.permutation(len(made))]

    def stack(group: np.ndarray) -> tuple[torch.Tensor, ...]:
        return (
            torch.stack([images[i][0] for i in group]),
            torch.stack([images[i][1] for i in group]),
            torch.from_numpy(data["size"][group]),
        )

    steps = epochs * len(batches(~held))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps + 1)
    best = float("inf")
    for epoch in range(epochs):
        total = []
        for group in batches(~held):
            loss = loss_of(stack(group), given)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learn, 1.0)
            optimiser.step()
            schedule.step()
            total.append(loss.item())
        with torch.no_grad():
            left = [loss_of(stack(group), given).item() * len(group) for group in batches(held)]
        score = sum(left) / held.sum()
        print(f"epoch {epoch}: fitted {np.mean(total):.4f}, left-out scenes {score:.4f}", flush=True)
        if score < best:
            best = score
            np.savez(out, **{k: v.detach().numpy().astype(np.float32) for k, v in given.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["features", "fit"])
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    {"features": features, "fit": fit}[given.step](given.source, given.out)
