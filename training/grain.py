"""Makes the trust network of `grain`: synthetic grain over clean scenes, where truth is exact.

    python training/grain.py features SCENES --workers 8 --out tiles.npz    (10 minutes of 8 cores)
    python training/grain.py fit tiles.npz --out iqmetrics/nets/grain/trust.npz  (a minute on a GPU)

SCENES holds clean images (photos reduced twofold or more, denoised). The shipped network was fitted
on 126 wallpapers of Debian's packages (gnome-, mate-, plasma-, lomiri-, ukui-) and of
pop-os/wallpapers, 78 camera photographs of ianare/exif-samples and
drewnoakes/metadata-extractor-images, and 21 images of comfyui-workflow-templates-media-image; none
is distributed. All seeds are fixed. `fit` leaves out every ninth scene to choose the epoch.
"""

import argparse
import io
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from iqmetrics.nets.grain import synthesis, trust
from iqmetrics.nets.grain.bands import tile_features
from iqmetrics.nets.grain.field import tile_means

RUNS = 24
SEED = 20
CROPS = ((768, 768), (640, 768), (512, 512), (384, 512), (400, 528), (256, 320), (208, 272))


def truth(noise: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Natural log of the grain's true strength in every tile, [rows, columns]."""
    power = tile_means(torch.from_numpy(noise**2)[None], *shape)[0].numpy()
    return 0.5 * np.log(power + 0.02)


def cut(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A part of the scene, at its size or reduced, mirrored or not, coloured or not."""
    by = int(rng.choice([1, 1, 1, 2]))
    if by > 1 and clean.shape[0] >= 2 * CROPS[-1][0] and clean.shape[1] >= 2 * CROPS[-1][1]:
        clean = np.asarray(Image.fromarray(clean).reduce(by))
    fitting = [c for c in CROPS if c[0] <= clean.shape[0] and c[1] <= clean.shape[1]]
    odds = np.array([c[0] for c in fitting], float)
    height, width = fitting[rng.choice(len(fitting), p=odds / odds.sum())]
    top = rng.integers(clean.shape[0] - height + 1)
    left = rng.integers(clean.shape[1] - width + 1)
    part = clean[top : top + height, left : left + width]
    if rng.random() < 0.12:
        part = np.repeat(np.rint(part @ synthesis.LUMA).astype(np.uint8)[..., None], 3, -1)
    return np.array(part[:, ::-1] if rng.random() < 0.5 else part)


def degrade(
    pixels: np.ndarray, clean: np.ndarray, noise: np.ndarray, how: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """JPEG, half size or nothing; the noise that goes with it."""
    if how < 0.28:
        buffer = io.BytesIO()
        quality = int(rng.integers(70, 82) if how < 0.16 else rng.integers(80, 97))
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer)), noise
    if how < 0.44 and min(pixels.shape[:2]) >= 384:
        small = [
            np.asarray(Image.fromarray(i).reduce(2), np.float32) @ synthesis.LUMA
            for i in (pixels, clean)
        ]
        return np.asarray(Image.fromarray(pixels).reduce(2)), small[0] - small[1]
    return pixels, noise


@cache
def bank() -> dict[str, list]:
    rng = np.random.default_rng(SEED)
    return {
        kind: [synthesis.textures(kind, 800, 4, rng) for _ in range(3)] for kind in synthesis.KINDS
    }


def one_scene(task: tuple[int, Path]) -> list[tuple[int, np.ndarray, np.ndarray, float]]:
    """(scene number, features, truth, log cell size or nan) of every synthetic image of a scene."""
    torch.set_num_threads(1)
    number, path = task
    whole = np.asarray(Image.open(path).convert("RGB"))
    made = []
    for run in range(RUNS):
        rng = np.random.default_rng((SEED, number, run))
        clean = cut(whole, rng)
        grey = bool((clean[..., 0] == clean[..., 2]).all())
        kind = synthesis.KINDS[rng.integers(5)]
        planes = bank()[kind][rng.integers(len(bank()[kind]))]
        name = synthesis.FIELDS[rng.choice(5, p=[0.34, 0.24, 0.14, 0.14, 0.14])]
        weakest = float(np.exp(rng.uniform(np.log(0.08), np.log(0.75))))
        relative = synthesis.field(name, *clean.shape[:2], weakest, rng)
        sigma = 0.0 if run % 9 == 0 else float(np.exp(rng.uniform(np.log(0.6), np.log(14))))
        colour = 1.0 if grey else float(rng.choice([0.0, 0.5, 0.8, 1.0]))
        grainy = synthesis.add_grain(clean, kind, sigma, relative, rng, colour, planes)
        pixels, noise = degrade(grainy.pixels, clean, grainy.luma_noise, rng.random(), rng)
        found, _ = tile_features(torch.from_numpy(np.array(pixels))[None])
        size = grainy.size / (clean.shape[0] / pixels.shape[0])
        log_size = np.log(max(size, 1.0)) if sigma > 0 else np.nan
        made.append((number, found[0].numpy(), truth(noise, pixels.shape[:2]), log_size))
    return made


def features(folder: Path, out: Path, workers: int) -> None:
    scenes = sorted(f for f in folder.iterdir() if f.suffix in (".png", ".jpg"))
    bank()
    with ProcessPoolExecutor(workers) as pool:
        made = [x for part in pool.map(one_scene, enumerate(scenes), chunksize=3) for x in part]
    numbers, xs, ys, sizes = zip(*made, strict=True)
    np.savez(
        out,
        x=np.concatenate([x.reshape(-1, x.shape[-1]).astype(np.float16) for x in xs]),
        y=np.concatenate([y.reshape(-1).astype(np.float32) for y in ys]),
        scene=np.array(numbers),
        shape=np.array([y.shape for y in ys]),
        size=np.array(sizes, np.float32),
    )
    print(len(made), "images", flush=True)


def start(x: np.ndarray, rng: np.random.Generator, device: str) -> dict[str, torch.Tensor]:
    """Fresh parameters, standardising the features."""
    made = {}
    for name, shape in trust.SHAPES.items():
        if name.endswith(".w"):
            made[name] = rng.normal(0, (1.6 / shape[0]) ** 0.5, shape)
        else:
            made[name] = np.zeros(shape)
    made["out.w"] *= 0.1
    made["mean"], made["scale"] = x.mean(0), x.std(0) + 1e-3
    return {
        name: torch.tensor(value, dtype=torch.float32, device=device)
        for name, value in made.items()
    }


def loss_of(batch: tuple[torch.Tensor, ...], given: dict[str, torch.Tensor]) -> torch.Tensor:
    """Laplace likelihood of the true strength, and of the cell size where there is grain."""
    x, y, size = batch
    strength, error, cell = trust.judge(x, given)
    fit = ((strength - y).abs() / error + error.log()).mean()
    weight = 1 / (1 + (error.detach() / 0.2) ** 2)
    mean = (weight * cell).sum((1, 2)) / weight.sum((1, 2))
    wrong = torch.where(torch.isfinite(size), (mean - size).abs(), torch.zeros_like(mean))
    return fit + 0.5 * torch.nan_to_num(wrong).mean()


def fit(source: Path, out: Path, epochs: int = 32, leave: int = 9) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    data = np.load(source)
    x, y = data["x"].astype(np.float32), data["y"]
    ends = np.cumsum(data["shape"].prod(1))
    images = [
        (
            torch.from_numpy(x[end - r * c : end].reshape(r, c, -1)).to(device),
            torch.from_numpy(y[end - r * c : end].reshape(r, c)).to(device),
        )
        for end, (r, c) in zip(ends, data["shape"], strict=True)
    ]
    held = data["scene"] % leave == leave - 1
    given = start(x, rng, device)
    learn = [value.requires_grad_() for key, value in given.items() if key not in ("mean", "scale")]
    optimiser = torch.optim.AdamW(learn, lr=2e-3, weight_decay=1e-3)

    def batches(which: np.ndarray) -> list[np.ndarray]:
        made = []
        for shape in np.unique(data["shape"], axis=0):
            group = rng.permutation(np.flatnonzero(which & (data["shape"] == shape).all(1)))
            made += [group[i : i + 32] for i in range(0, len(group), 32)]
        return [made[i] for i in rng.permutation(len(made))]

    def stack(group: np.ndarray) -> tuple[torch.Tensor, ...]:
        return (
            torch.stack([images[i][0] for i in group]),
            torch.stack([images[i][1] for i in group]),
            torch.from_numpy(data["size"][group]).to(device),
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
            total.append(loss.detach())
        with torch.no_grad():
            left = [loss_of(stack(group), given).item() * len(group) for group in batches(held)]
        score = sum(left) / held.sum()
        print(
            f"epoch {epoch}: fitted {float(torch.stack(total).mean()):.4f}, left out {score:.4f}",
            flush=True,
        )
        if score < best:
            best = score
            np.savez(
                out, **{k: v.detach().cpu().numpy().astype(np.float32) for k, v in given.items()}
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["features", "fit"])
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.step == "features":
        features(given.source, given.out, given.workers)
    else:
        fit(given.source, given.out)
