"""The CLIP encoder that scorers share: one image encoding a picture, one text encoding a prompt.

Pictures are resized as open_clip does it (bicubic with antialiasing on 8-bit values, shorter side,
centre crop), from the shared decoded array, by Pillow's own arithmetic.
Weights are float32 on a CPU (those of the image tower bfloat16 when asked to be fast: most of the
time and half of the error is there) and float16 on a GPU.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from iqmetrics.images import Picture, once_each
from iqmetrics.nets import (
    clip_image,
    clip_quick,
    clip_source,
    clip_text,
    prompts,
    resample,
    resample_cpu,
)
from iqmetrics.nets.clip_source import Source
from iqmetrics.nets.stacks import each
from iqmetrics.weights import loading

if TYPE_CHECKING:
    from torch import Tensor

BATCH = {"cpu": 16, "cuda": 256}
TEXT_BATCH = 64
PIXELS_AT_ONCE = 1 << 26
"""Pictures of one size go to the GPU together up to so many pixels."""


class Encoder:
    """Image and text tower of one CLIP on one device; embeddings are unit vectors in float32."""

    def __init__(self, source: Source, device: str, fast: bool = False) -> None:
        self.source = source
        self.device = device
        self.half = device.startswith("cuda")
        self.model, self.tokenizer = _build(source, device, self.half)
        lower = torch.bfloat16 if fast else torch.float32
        self.dtype = torch.float16 if self.half else lower
        if fast and not self.half:
            clip_image.shorten(self.model.visual, self.dtype)
        trimmed = clip_image.trim(self.model.visual)
        self.model.eval()
        if trimmed and self.half:
            clip_quick.quicken(self.model.visual)
        config = self.model.visual.preprocess_cfg
        size = config["size"]
        self.size: tuple[int, int] = (size, size) if isinstance(size, int) else tuple(size)
        self.squash = config.get("resize_mode") == "squash"
        self.mode = config.get("interpolation", "bicubic")
        self.mean = torch.tensor(config["mean"], device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(config["std"], device=device).view(1, 3, 1, 1)
        self.context = int(getattr(self.tokenizer, "context_length", 77))
        self.multilingual = source.model == clip_source.DEMO or (
            clip_source.vocabulary(source) > 100_000
        )
        self._texts: dict[str, Tensor] = {}
        self._keeping = Lock()
        self.fits: Callable[[str], bool] = lru_cache(prompts.KEPT)(self._fits)
        """Whether a text is read whole, start and end token included."""

    def images(self, pictures: Sequence[Picture]) -> list[NDArray[np.float32]]:
        """Unit image embeddings, one a picture, each computed once for all scorers."""
        return once_each(
            pictures, ("clip", self.source.model, self.device, self.dtype), self._encode_pictures
        )

    def _encode_pictures(self, pictures: list[Picture]) -> list[NDArray[np.float32]]:
        if self.half:
            seen = each(pictures, self._on_gpu, self.device, PIXELS_AT_ONCE)
        else:
            seen = self._on_cpu(pictures)
        step = BATCH["cuda" if self.half else "cpu"]
        found: list[NDArray[np.float32]] = []
        for start in range(0, len(seen), step):
            found += list(self.encode_pixels(torch.stack(seen[start : start + step])).cpu().numpy())
        return found

    def _on_cpu(self, pictures: list[Picture]) -> "list[Tensor]":
        """(3, height, width) in 0..255 each, bit for bit what open_clip's preprocessing makes."""
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            return list(pool.map(lambda p: self._resampled(p.pixels), pictures))

    def _resampled(self, pixels: NDArray[np.uint8]) -> "Tensor":
        small = resample_cpu.resize(pixels, self._resized(*pixels.shape[:2]), self.mode)
        return self._cropped(torch.tensor(small).permute(2, 0, 1)).float()

    def _on_gpu(self, stack: "Tensor") -> "list[Tensor]":
        """The same pixels, for a stack (n, height, width, 3) on the GPU."""
        size = self._resized(*stack.shape[1:3])
        return list(self._cropped(resample.resize(stack, size, self.mode)))

    def _resized(self, height: int, width: int) -> tuple[int, int]:
        """Size before the centre crop: shorter side to fit, or both (squashed)."""
        want_h, want_w = self.size
        if self.squash or height == width:
            return want_h, want_w
        if height > width:
            return int(want_w * height / width), want_w
        return want_h, int(want_h * width / height)

    def _cropped(self, tensor: "Tensor") -> "Tensor":
        top, left = (
            round((have - want) / 2)
            for have, want in zip(tensor.shape[-2:], self.size, strict=True)
        )
        return tensor[..., top : top + self.size[0], left : left + self.size[1]]

    @torch.inference_mode()
    def encode_pixels(self, pixels: "Tensor") -> "Tensor":
        """Unit embeddings of (n, 3, height, width) values in 0..255."""
        images = (pixels / 255 - self.mean) / self.std
        return _unit(self.model.encode_image(images.to(self.dtype)))

    def _fits(self, text: str) -> bool:
        inner = getattr(self.tokenizer, "tokenizer", None)
        if inner is not None:
            return len(inner(self.tokenizer.clean_fn(text)).input_ids) <= self.context
        return len(self.tokenizer.encode(text)) + 2 <= self.context

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> "Tensor":
        """Unit text embeddings, (n, dim), float32 on the CPU; the last few are remembered."""
        with self._keeping:
            found = {t: self._texts[t] for t in texts if t in self._texts}
        todo = [t for t in dict.fromkeys(texts) if t not in found]
        for start in range(0, len(todo), TEXT_BATCH):
            part = todo[start : start + TEXT_BATCH]
            ids = self.tokenizer(part).to(self.device)
            encoded = _unit(clip_text.encode(self.model, ids)).cpu()
            found.update(zip(part, encoded, strict=True))
        with self._keeping:
            self._texts.update((t, found[t]) for t in todo)
            for old in list(self._texts)[: -prompts.KEPT]:
                del self._texts[old]
        return torch.stack([found[t] for t in texts])


def _unit(features: "Tensor") -> "Tensor":
    unit = F.normalize(features.float(), dim=-1)
    if not bool(torch.isfinite(unit).all()):
        raise FloatingPointError("CLIP answered a vector that is not finite")
    return unit


@cache
def encoder(model: str, device: str, fast: bool = False) -> Encoder:
    """The shared encoder of a model on a device; `fast` computes in bfloat16 on a CPU.

    Raises:
        Unavailable: a package or the weights are missing (looked for before torch is imported, if
            the caller used `clip_source.locate` first).
    """
    return Encoder(clip_source.locate(model), device, fast)


def _build(source: Source, device: str, half: bool) -> tuple[Any, Any]:
    """Model, made on the device, and tokenizer, from files on this machine only."""
    import open_clip
    from open_clip.tokenizer import HFTokenizer

    there = {"device": device, "precision": "pure_fp16" if half else "fp32", "weights_only": True}
    if source.folder is not None:
        name = f"local-dir:{source.folder}"
        with torch.device(device):  # its memory is taken there: a large model's takes long here
            model = open_clip.create_model(name, require_pretrained=True, **there)
        return model, open_clip.get_tokenizer(name)
    assert source.file is not None
    if source.weight:
        loading.admit(source.weight, source.file)
    known = open_clip.pretrained.get_pretrained_cfg(source.arch, source.tag) or {}
    look = {k: known[k] for k in ("mean", "std", "interpolation", "resize_mode") if k in known}
    config = open_clip.get_model_config(source.arch)
    text = dict(config["text_cfg"])
    if source.tokenizer is not None and text.get("hf_model_name"):
        text["hf_model_name"] = str(source.tokenizer)
    with torch.device(device):
        model = open_clip.create_model(
            source.arch,
            pretrained=str(source.file),
            pretrained_text=False,
            force_quick_gelu=bool(known.get("quick_gelu")),
            force_preprocess_cfg=look,
            text_cfg=text,
            **there,
        )
    if source.tokenizer is None:
        return model, open_clip.get_tokenizer(source.arch)
    tokenizer = HFTokenizer(
        str(source.tokenizer),
        context_length=text.get("context_length", 77),
        **text.get("tokenizer_kwargs", {}),
    )
    return model, tokenizer
