"""ComfyUI: the `prompt` graph in a PNG text chunk, or in the EXIF strings of WebP, JPEG and AVIF.

From the image saved, find the nodes upstream that look like samplers, order them base first (the
longest path), and read the base's words, seed, steps and model. Source: ComfyUI's save nodes
(`prompt`, `workflow` chunks; EXIF 0x0110 `prompt:{...}` and 0x010F `workflow:{...}` in WebP).
"""

import re
from dataclasses import dataclass
from typing import Any

from iqmetrics.metadata.comfyui_graph import Graph, Node, depths, outputs, parse, upstream
from iqmetrics.metadata.comfyui_text import NOTHING, Reader, Words
from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.facts import Facts, known, number, size_of, whole
from iqmetrics.records import Confidence

CHECKPOINT_KEYS = (
    "ckpt_name", "unet_name", "model_name", "base_ckpt_name", "diffusion_model", "model_path",
    "gguf_name", "checkpoint", "ckpt", "model_id", "model",
)  # fmt: skip
MODEL_EDGES = re.compile(
    r"(model|base_model|unet|pipe|basic_pipe|guider|lora_stack).*", re.IGNORECASE
)
LORA_KEY = re.compile(r"lora_name(_?\d+)?|lora_\d+_name|lora_\d+")
NUMBER_EDGES = re.compile(
    r"(sigmas|steps|noise|seed|noise_seed|value|int|number|a|input|pipe|any).*"
)
SIDES = ("width", "height")
LATENT_EDGES = re.compile(
    r"(samples|latent|latent_image|latents|images?|pixels|input|video|any|pipe|basic_pipe).*"
)


def read(embedded: Embedded) -> Facts | None:
    """Facts from the embedded graph; None when the file has no ComfyUI graph."""
    for text in _candidates(embedded):
        graph = parse(text)
        if graph:
            return facts_of(graph, embedded.size)
    return None


def _candidates(embedded: Embedded) -> list[str]:
    texts = [embedded.text.get("prompt", "")]
    for value in embedded.exif.values():
        name, found, rest = value.partition(":")
        if found and name.strip().lower() == "prompt":
            texts.append(rest)
        elif value.lstrip().startswith("{") and '"class_type"' in value:
            texts.append(value)
    texts.append(embedded.text.get("comment", ""))
    return [text for text in texts if '"class_type"' in text]


@dataclass(frozen=True, slots=True)
class Stage:
    """One sampler of the graph and what it was given."""

    node: Node
    positive: Words
    negative: Words
    seed: int | None
    steps: int | None
    model: str
    loras: list[dict[str, Any]]


def facts_of(graph: Graph, found_size: tuple[int, int] = (0, 0)) -> Facts:
    """Prompt, negative, model, seed, steps and size of the base stage; later stages in params.

    `found_size` (width, height) tells which of several saved images of the graph this one is.
    """
    ends = outputs(graph)
    far = depths(graph, ends)
    samplers = sorted(
        (n for n in graph.values() if n.id in far and is_sampler(n)),
        key=lambda n: (-far[n.id], n.id),
    )
    stages = [_stage(graph, node) for node in samplers] or _without_sampler(graph, far)
    if not stages:
        return Facts(source="comfyui", confidence="low")
    base = stages[0]
    words = base.positive
    later = [s for s in stages[1:] if s.positive.text and s.positive.text != words.text]
    params = known(
        checkpoint=base.model,
        loras=base.loras,
        steps=base.steps,
        cfg=_literal(base.node, "cfg"),
        sampler=base.node.literals.get("sampler_name"),
        scheduler=base.node.literals.get("scheduler"),
        stages=len(stages),
        later_prompts=[s.positive.text for s in later],
        later_checkpoints=[s.model for s in stages[1:] if s.model and s.model != base.model],
        computed_prompt=words.computed or None,
    )
    sure: Confidence = "low" if words.computed else "medium" if words.several else "high"
    return Facts(
        source="comfyui",
        confidence=sure,
        prompt=words.text,
        negative=base.negative.text,
        model=base.model,
        seed=base.seed,
        size=_size(graph, ends, found_size),
        params=params,
    )


def is_sampler(node: Node) -> bool:
    """Whether a node denoises: fed with a conditioning (or guider, or pipe) and told how long."""
    names = {*node.links, *node.literals}
    runs = names & {"seed", "noise_seed", "steps", "sigmas", "noise"}
    if "guider" in node.links:
        return bool(runs) or "latent_image" in node.links
    if "positive" in node.links:
        return bool(runs) and not node.has("loader", "controlnetapply")
    return (
        bool({"pipe", "basic_pipe", "sdxl_tuple", "context"} & set(node.links)) and "steps" in names
    )


def _stage(graph: Graph, sampler: Node) -> Stage:
    reader = Reader(graph)
    source = sampler
    if "guider" in sampler.links:
        guiders = upstream(graph, sampler.links["guider"], re.compile("guider.*"))
        source = next(
            (n for n in guiders if {"positive", "conditioning", "cond1"} & set(n.links)), sampler
        )
    positive = _role(reader, source, ("positive", "conditioning", "cond1"), "positive")
    negative = _role(reader, source, ("negative",), "negative")
    model, loras = _model(graph, [sampler, source])
    return Stage(
        sampler,
        positive,
        negative,
        _number(graph, sampler, ("seed", "noise_seed"), "noise"),
        _number(graph, sampler, ("steps",), "sigmas"),
        model,
        loras,
    )


def _role(reader: Reader, node: Node, names: tuple[str, ...], role: str) -> Words:
    for name in (*names, "pipe", "basic_pipe", "sdxl_tuple", "context"):
        if name in node.links:
            return reader.conditioning(node.links[name], role)
    return NOTHING


def _without_sampler(graph: Graph, far: dict[str, int]) -> list[Stage]:
    """Nodes that make an image from a prompt by themselves (hosted models, all-in-one nodes)."""
    reader = Reader(graph)
    found = []
    for node in sorted((n for n in graph.values() if n.id in far), key=lambda n: -far[n.id]):
        if node.has("save", "preview", "encode", "string", "primitive", "text", "llm", "caption"):
            continue
        name = next(
            (
                n
                for n in ("prompt", "positive", "text", "positive_prompt")
                if n in node.literals or n in node.links
            ),
            "",
        )
        words = reader.string(node, name) if name else NOTHING
        if words.text is None:
            continue
        negative = next(
            (n for n in ("negative_prompt", "negative") if n in node.literals or n in node.links),
            "",
        )
        model, loras = _model(graph, [node])
        found.append(
            Stage(
                node,
                words,
                reader.string(node, negative) if negative else NOTHING,
                _number(graph, node, ("seed", "noise_seed"), "noise"),
                _number(graph, node, ("steps", "num_inference_steps"), "sigmas"),
                model or node.kind,
                loras,
            )
        )
    return found


def _literal(node: Node, name: str) -> float | int | None:
    return number(node.literals.get(name))


def _number(graph: Graph, node: Node, names: tuple[str, ...], through: str) -> int | None:
    """A whole number of `node`, or of what is linked into it (also through edge `through`)."""
    for name in names:
        if (value := whole(node.literals.get(name))) is not None:
            return value
    for edge in (*names, through, "pipe"):
        if edge not in node.links:
            continue
        for far in upstream(graph, node.links[edge], NUMBER_EDGES):
            for name in (*names, "value", "int", "number", "Number", "int_value", "INT"):
                if (value := whole(far.literals.get(name))) is not None:
                    return value
    return None


def _model(graph: Graph, starts: list[Node]) -> tuple[str, list[dict[str, Any]]]:
    """Checkpoint file and LoRAs on the model edges that end in one of `starts`."""
    loras: list[dict[str, Any]] = []
    for start in starts:
        for name, link in start.links.items():
            if not MODEL_EDGES.fullmatch(name):
                continue
            for node in upstream(graph, link, MODEL_EDGES):
                loras += _loras(node)
                if checkpoint := _checkpoint(graph, node):
                    return checkpoint, loras
        if checkpoint := _checkpoint(graph, start):
            return checkpoint, loras
    return "", loras


def _checkpoint(graph: Graph, node: Node) -> str:
    if node.has("lora") and "ckpt_name" not in node.literals:
        return ""
    for key in CHECKPOINT_KEYS:
        value = node.literals.get(key)
        if isinstance(value, dict):
            value = value.get("content")
        if isinstance(value, str) and value:
            return value
        if key in node.links and key != "model":
            words = Reader(graph).output(node.links[key])
            if words.text:
                return words.text
    return ""


def _loras(node: Node) -> list[dict[str, Any]]:
    found = []
    for key, value in node.literals.items():
        if isinstance(value, dict) and isinstance(value.get("lora"), str) and value.get("on", True):
            found.append(known(name=value["lora"], strength=number(value.get("strength"))))
        elif LORA_KEY.fullmatch(key) and isinstance(value, str) and value not in ("", "None"):
            strength = node.literals.get("strength_model", node.literals.get("lora_model_strength"))
            found.append(known(name=value, strength=number(strength)))
    return found


def _size(graph: Graph, ends: list[Node], found: tuple[int, int]) -> tuple[int, int] | None:
    """Requested (width, height): of the last latent or resize on the way to the image saved."""
    sizes = [_size_at(graph, end) for end in ends]
    if found in sizes:
        return found
    return sizes[0] if len(set(sizes)) == 1 else None


def _size_at(graph: Graph, end: Node) -> tuple[int, int] | None:
    starts = [link for name, link in end.links.items() if LATENT_EDGES.fullmatch(name)]
    for link in starts:
        for node in upstream(graph, link, LATENT_EDGES):
            for prefix in ("", "empty_latent_"):
                width, height = (node.literals.get(f"{prefix}{side}") for side in SIDES)
                if size := size_of(width, height):
                    return size
            if node.has("upscale", "scale", "resize", "crop", "pad", "vaeencode", "loadimage"):
                return None
    return None
