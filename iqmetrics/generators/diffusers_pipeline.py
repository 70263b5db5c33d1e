"""diffusers: any text-to-image pipeline of the diffusers library, local or from the hub.

Auto pipelines first, then `DiffusionPipeline`; what a pipeline takes is read off its signature.
Each image has its own CPU generator, so its noise does not depend on the batch or the device.
"""

import inspect
import logging
import platform
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from iqmetrics.errors import BadInput, Unavailable, UnknownName
from iqmetrics.generators.base import Request, Result, digest, keep, told
from iqmetrics.step_meter import Clock, memory

NAMES = {
    "steps": ("num_inference_steps",),
    "guidance": ("guidance_scale", "true_cfg_scale"),
    "negative": ("negative_prompt",),
    "strength": ("strength",),
    "width": ("width",),
    "height": ("height",),
}
"""Our names -> names in a pipeline's signature, the first that it has."""

OFFLOADS = ("", "model", "sequential")
BLOCKS = 64


@dataclass(frozen=True)
class Diffusers:
    """A diffusers pipeline.

    Args:
        target: folder or hub id of the model.
        dtype: "auto" (bfloat16 on a GPU, float32 on a CPU) or a torch dtype by name.
        device: "auto", "cpu", "cuda" ...
        offload: "", "model" or "sequential": weights move to the GPU only when needed.
        device_map: "balanced" to spread the model over several GPUs.
        lora: files or hub ids of LoRAs, loaded in order.
        lora_scale: their weight.
        variant, revision: as in `from_pretrained`.
        batch: images at a time; another batch may round a pixel differently.
        params: for every request; our names (`steps`, `guidance`) or the pipeline's own
            (`true_cfg_scale`, `max_sequence_length` ...); a name it does not take is an error.

    Example:
        schnell=diffusers:black-forest-labs/FLUX.1-schnell#steps=4,guidance=0.0
    """

    target: str
    dtype: str = "auto"
    device: str = "auto"
    offload: str = ""
    device_map: str | None = None
    lora: tuple[str, ...] | str = ()
    lora_scale: float = 1.0
    variant: str | None = None
    revision: str | None = None
    batch: int = 1
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    pipes: Any = field(init=False, repr=False, compare=False, default=None)
    measuring: bool = field(init=False, repr=False, compare=False, default=False)

    def __post_init__(self) -> None:
        if self.offload not in OFFLOADS:
            raise UnknownName("offload", self.offload, OFFLOADS[1:])
        if isinstance(self.lora, str):
            keep(self, lora=(self.lora,))

    def fingerprint(self) -> Mapping[str, Any]:
        """Weights (sampled, for local files), precision, LoRAs and parameters."""
        return {
            "diffusers": weights_of(self.target),
            "dtype": self.dtype,
            "lora": [weights_of(name) for name in self.lora]
            + ([self.lora_scale] * bool(self.lora)),
            "variant": self.variant,
            "revision": self.revision,
            "params": dict(self.params),
        }

    def about(self) -> dict[str, Any]:
        """Facts for the record that do not decide the image: versions, card, precision."""
        import diffusers
        import torch

        pipe = self.pipes.text
        return {
            "pipeline": type(pipe).__name__,
            "dtype": str(pipe.dtype).removeprefix("torch."),
            "diffusers": diffusers.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "cuda": torch.version.cuda,
        }

    def open(self, measure: bool) -> None:
        """Load the pipeline.

        Raises:
            Unavailable: diffusers is not installed.
            BadInput: the model cannot be loaded.
            UnknownName: the pipeline does not take one of `params`.
        """
        try:
            import diffusers  # noqa: F401
            import torch  # noqa: F401
        except ImportError as error:
            raise Unavailable.extra("diffusers:", error.name or "diffusers", "generate") from error
        pipes = Pipes.load(self)
        pipes.check(self.params)
        keep(self, pipes=pipes, measuring=measure)

    def close(self) -> None:
        """Free the memory of the model."""
        if self.pipes is not None:
            import torch

            keep(self, pipes=None)
            torch.cuda.empty_cache()

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request; what can go together goes in one call."""
        results: dict[int, Result] = {}
        for group in self._alike(requests):
            made = self._make([requests[i] for i in group])
            results.update(zip(group, made, strict=True))
        return [results[i] for i in range(len(requests))]

    def _alike(self, requests: Sequence[Request]) -> list[list[int]]:
        groups: dict[str, list[int]] = {}
        for i, r in enumerate(requests):
            alike = digest(r.width, r.height, r.strength, bool(r.negative), r.params)
            key = f"{alike}{i}" if r.init_image is not None else alike
            groups.setdefault(key, []).append(i)
        return list(groups.values())

    def _make(self, requests: Sequence[Request]) -> list[Result]:
        import torch

        try:
            return self._call(requests)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            if len(requests) > 1:
                return [self._make([request])[0] for request in requests]
            reason = str(error).split("\n")[0]
            return [Result.failed(requests[0], "out_of_memory", reason)]
        except Exception as error:
            if len(requests) > 1:
                return [self._make([request])[0] for request in requests]
            return [Result.failed(requests[0], "failed", f"{type(error).__name__}: {error}")]

    def _call(self, requests: Sequence[Request]) -> list[Result]:
        import torch

        pipe = self.pipes.for_(requests[0])
        call, applied, left_out = arguments(pipe, requests[0], self.params)
        call["prompt"] = [r.prompt for r in requests]
        if call.get("negative_prompt"):
            call["negative_prompt"] = [r.negative or call["negative_prompt"] for r in requests]
        call["generator"] = [torch.Generator("cpu").manual_seed(r.seed) for r in requests]
        if requests[0].init_image is not None:
            call["image"] = requests[0].init_image
        clock = Clock(self.measuring)
        if "callback_on_step_end" in inspect.signature(pipe.__call__).parameters:
            call["callback_on_step_end"] = clock.step
        with torch.inference_mode(), memory(self.measuring) as used:
            clock.start()
            output = pipe(**call)
            clock.end()
        flagged = getattr(output, "nsfw_content_detected", None) or [False] * len(requests)
        telemetry = {**clock.telemetry(), **used} if len(requests) == 1 else clock.counted()
        return [
            Result.failed(r, "refused", "the pipeline's safety checker blanked it", telemetry)
            if bad
            else told(
                Result(r.id, image, None, {}, {**applied, "seed": r.seed}, left_out), **telemetry
            )
            for r, image, bad in zip(requests, output.images, flagged, strict=True)
        ]


@dataclass
class Pipes:
    """The loaded pipeline, and its image-to-image twin made of the same parts when asked for."""

    text: Any
    image: Any = None

    @classmethod
    def load(cls, options: Diffusers) -> "Pipes":
        """Load as the options say."""
        import torch

        auto_class, any_class = _classes()
        device = options.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        default = "float32" if device == "cpu" else "bfloat16"
        dtype = getattr(torch, default if options.dtype == "auto" else options.dtype, None)
        if not isinstance(dtype, torch.dtype):
            raise BadInput(f"dtype {options.dtype!r} is none of torch", "dtype=bfloat16")
        given = {"dtype": dtype, "variant": options.variant, "revision": options.revision}
        given = {key: value for key, value in given.items() if value is not None}
        if options.device_map:
            given["device_map"] = options.device_map
        try:
            try:
                pipe = auto_class.from_pretrained(options.target, **given)
            except ValueError:
                pipe = any_class.from_pretrained(options.target, **given)
            for name in options.lora:
                pipe.load_lora_weights(name)
            if options.lora:
                pipe.fuse_lora(lora_scale=options.lora_scale)
        except (OSError, ValueError, AttributeError, ImportError) as error:
            first = str(error).strip().split("\n")[0]
            raise BadInput(
                f"{options.target} cannot be loaded by diffusers: {first}",
                "Give a folder with model_index.json, or a hub id; offline, fetch it before.",
            ) from error
        if options.offload == "model":
            pipe.enable_model_cpu_offload()
        elif options.offload == "sequential":
            pipe.enable_sequential_cpu_offload()
        elif not options.device_map:
            pipe.to(device)
        pipe.set_progress_bar_config(disable=True)
        return cls(pipe)

    def for_(self, request: Request) -> Any:
        """The pipeline that fits a request: text-to-image, or image-to-image."""
        if (
            request.init_image is None
            or "image" in inspect.signature(self.text.__call__).parameters
        ):
            return self.text
        if self.image is None:
            from diffusers import AutoPipelineForImage2Image

            self.image = AutoPipelineForImage2Image.from_pipe(self.text)
            self.image.set_progress_bar_config(disable=True)
        return self.image

    def check(self, params: Mapping[str, Any]) -> None:
        """Refuse a parameter that the pipeline does not take."""
        takes = set(inspect.signature(self.text.__call__).parameters)
        ours = {name for name, theirs in NAMES.items() if set(theirs) & takes} | {"strength"}
        for name in params:
            if name not in takes | ours:
                kind = f"parameter of {type(self.text).__name__}"
                raise UnknownName(kind, name, takes | ours)


def _classes() -> tuple[Any, Any]:
    """The automatic pipeline and the general one; loading bars are for terminals only."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # warns of kernels not used here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of diffusers to torch, not to the user
        from diffusers import AutoPipelineForText2Image, DiffusionPipeline
    if not sys.stderr.isatty():
        from diffusers.utils import logging as bars_of_diffusers
        from transformers.utils import logging as bars_of_transformers

        for bars in (bars_of_diffusers, bars_of_transformers):
            bars.disable_progress_bar()  # type: ignore[no-untyped-call]
    return AutoPipelineForText2Image, DiffusionPipeline


def arguments(
    pipe: Any, request: Request, params: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
    """(arguments of the call, the same for the record, names of what the pipeline does not take).

    `params` of the model win over the request. A pipeline with real guidance by `true_cfg_scale`
    gets a blank negative prompt when none is asked for, for without one it would run unguided.
    """
    takes = inspect.signature(pipe.__call__).parameters
    asked = {**request.asked(), **params}
    for name in ("prompt", "seed"):
        asked.pop(name, None)
    call: dict[str, Any] = {}
    left_out = []
    for name, value in asked.items():
        theirs = NAMES.get(name, (name,))
        if name == "guidance" and type(pipe).__name__.startswith("QwenImage"):
            theirs = theirs[::-1]
        target = next((t for t in theirs if t in takes), None)
        if target is None:
            if request.init_image is not None and name in ("width", "height"):
                continue  # image-to-image keeps the size of its image
            left_out.append(name)
        else:
            call[target] = value
    if "true_cfg_scale" in takes and "negative_prompt" in takes:
        scale = call.get("true_cfg_scale", takes["true_cfg_scale"].default)
        if scale is not None and scale > 1:
            call.setdefault("negative_prompt", " ")
        elif call.pop("negative_prompt", None):
            left_out.append("negative")
    return call, dict(call), tuple(left_out)


def weights_of(target: str) -> Any:
    """What tells these weights from others: a hub id, or each local file's size and a digest.

    Of files over 1 MiB, 64 blocks of 4 KiB spread over the file are hashed: fine-tuning changes
    them, reading them takes no time.
    """
    path = Path(target)
    if not path.exists():
        return target
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    root = path.parent if path.is_file() else path
    return {f.relative_to(root).as_posix(): _sum(f) for f in files if f.name[0] != "."}


def _sum(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= 1 << 20:
            return sha256(file.read()).hexdigest()[:16]
        sums = sha256(str(size).encode())
        for block in range(BLOCKS):
            file.seek((size - 4096) * block // (BLOCKS - 1))
            sums.update(file.read(4096))
        return sums.hexdigest()[:16]
