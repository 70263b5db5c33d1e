"""Which module does the steps of MUSIQ on a device: Triton's, where it answers as plain torch."""

from collections.abc import Callable
from functools import cache
from types import ModuleType

import torch
from torch import Tensor

from iqmetrics.nets import musiq_ops
from iqmetrics.nets.musiq_ops import CHANNELS, SIDE, Norm, Stem
from iqmetrics.nets.trial import works


@cache
def best(device: torch.device) -> ModuleType:
    """`musiq_triton` on a GPU that it compiles for, else `musiq_ops`; a small picture is tried."""
    if device.type != "cuda":
        return musiq_ops

    def tried() -> bool:
        from iqmetrics.nets import musiq_triton

        return near(musiq_triton, device, torch.float16)

    if not works(tried, f"MUSIQ runs in plain torch on {device} (only slower)"):
        return musiq_ops
    from iqmetrics.nets import musiq_triton

    return musiq_triton


def near(module: ModuleType, device: torch.device, kind: torch.dtype) -> bool:
    """Whether every step of a module answers as that of `musiq_ops`, but for rounding."""
    made = torch.Generator().manual_seed(0)

    def of(*shape: int) -> Tensor:
        return torch.randn(shape, generator=made).to(device)

    images = (of(1, 40, 45, 3) * 80 + 128).clamp(0, 255).to(torch.uint8).permute(0, 3, 1, 2)
    stem = random_stem(of, kind)
    x, y, z = of(5, 384), of(5, 384).to(kind), of(5, 384).to(kind)
    norm, line = (of(384), of(384), 1e-6), ((of(24, 384) / 20).to(kind), of(24).to(kind))

    def answers(do: ModuleType) -> list[Tensor]:
        patches = torch.empty((1, 5, SIDE, SIDE, 4), dtype=kind, device=device)
        do.cut(images, (40, 45), patches[:, :4])
        do.cut(images, (20, 22), patches[:, 4:])
        seen = do.begin(patches[0], stem)
        kept = x.clone()
        summed, added = do.sum_norm(kept, y, *norm), do.add_norm(kept, y, z, *norm)
        return [patches, *seen, do.end(*seen, stem), kept, summed, added, do.grow(y, *line)]

    pairs = zip(answers(module), answers(musiq_ops), strict=True)
    return all(
        a.shape == b.shape
        and a.dtype == b.dtype
        and torch.allclose(a.float(), b.float(), 0.05, 0.05)
        for a, b in pairs
    )


def random_stem(of: Callable[..., Tensor], kind: torch.dtype) -> Stem:
    """A stem of the real shapes with weights by `of`, which makes tensors of a shape."""
    root = of(7, CHANNELS, 8, 4)
    root[:, :, 7] = root[..., 3] = 0
    shapes = ((CHANNELS, CHANNELS), (9, CHANNELS, CHANNELS), *((4 * CHANNELS, CHANNELS),) * 2)
    weights = [root.flatten(2), *(of(*shape) for shape in shapes)]
    parts: list[Tensor | Norm] = []
    for weight in weights:
        outs = weight.shape[-2]
        parts += [weight.to(kind), Norm(of(outs), of(outs), 1e-4)]
    return Stem(*parts)  # type: ignore[arg-type]
