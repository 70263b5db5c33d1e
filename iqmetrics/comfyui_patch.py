"""Put prompt, seed and size into a ComfyUI graph in API format, by role or by a small map.

A graph is `{id: {"class_type": name, "inputs": {key: literal or [id, slot]}}}`.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iqmetrics.errors import BadInput

Graph = dict[str, dict[str, Any]]
Place = tuple[str, str]
"""(node id, input name)."""

TEXTS = ("text", "prompt", "t5xxl", "clip_l", "clip_g", "text_g", "text_l", "value", "string")
STARTS = {"prompt": ("positive", "conditioning", "cond1"), "negative": ("negative", "cond2")}
PASSES = ("conditioning", "conditioning_1", "conditioning_to", "conditioning_from", "cond")
NUMBERS = {
    "seed": ("seed", "noise_seed"),
    "steps": ("steps",),
    "guidance": ("cfg", "guidance"),
    "strength": ("denoise",),
}
SIZES = ("width", "height")
ROLES = ("prompt", "negative", *NUMBERS, *SIZES)
HINT = 'Say where: map={"prompt":"6.text","seed":"3.seed"} (node id or title, then the input).'


def check(graph: Any, name: str) -> Graph:
    """The graph, if it is one in API format.

    Raises:
        BadInput: it is in the format of the editor, or no graph at all.
    """
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list) and "links" in graph:
        raise BadInput(
            f"{name} is a workflow in the editor's format, which a ComfyUI server cannot run",
            "In ComfyUI choose Workflow > Export (API), and give that file.",
        )
    if isinstance(graph, dict) and isinstance(graph.get("prompt"), dict):
        graph = graph["prompt"]
    if not isinstance(graph, dict) or not graph or not all(map(_is_node, graph.values())):
        raise BadInput(f"{name} is no ComfyUI workflow", "In ComfyUI: Workflow > Export (API).")
    return {str(key): node for key, node in graph.items()}


def _is_node(node: Any) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def places(graph: Graph, given: Mapping[str, Any]) -> dict[str, list[Place]]:
    """Where each role is set in the graph; `given` maps a role to "NODE.INPUT" or a list of them.

    Raises:
        BadInput: a mapped place does not exist, or no place for the prompt is found.
    """
    found = {role: list(dict.fromkeys(_find(graph, role))) for role in ROLES}
    for role, names in given.items():
        several = names if isinstance(names, list | tuple) else [names]
        found[role] = [_mapped(graph, role, name) for name in several]
    both = set(found["prompt"]) & set(found["negative"])
    found["negative"] = [place for place in found["negative"] if place not in both]
    if not found["prompt"]:
        raise BadInput("no input for the prompt was found in the workflow", HINT)
    return found


def patched(
    graph: Graph, where: Mapping[str, list[Place]], values: Mapping[str, Any]
) -> tuple[Graph, dict[str, Any], tuple[str, ...]]:
    """(a copy with the values set, what was set, names of values that have no place)."""
    made = copy.deepcopy(graph)
    applied = {}
    for role, value in values.items():
        for node, name in where.get(role, ()):
            made[node]["inputs"][name] = value
            applied[role] = value
    for latent in filter(_is_empty_latent, made.values()):
        if isinstance(latent["inputs"].get("batch_size"), int):
            latent["inputs"]["batch_size"] = 1
    return made, applied, tuple(role for role in values if role not in applied)


def _find(graph: Graph, role: str) -> Iterator[Place]:
    if role in STARTS:
        for node in graph.values():
            for start in STARTS[role]:
                if start in PASSES and not _is_guider(node):
                    continue
                yield from _texts(graph, node["inputs"].get(start), role == "negative", set())
    elif role in SIZES:
        for key, node in graph.items():
            if _is_empty_latent(node):
                yield from _literal(graph, key, role)
    else:
        for key, node in graph.items():
            for name in NUMBERS[role]:
                if name in node["inputs"] and _takes(node, role):
                    yield from _literal(graph, key, name)


def _takes(node: Mapping[str, Any], role: str) -> bool:
    """Whether an input called so means the role: `guidance` of any node, `denoise` of samplers."""
    return role != "strength" or "latent_image" in node["inputs"] or "model" in node["inputs"]


def _literal(graph: Graph, key: str, name: str) -> Iterator[Place]:
    """The input itself, or the value of the primitive node that it is linked to."""
    value = graph[key]["inputs"].get(name)
    if not _is_link(value, graph):
        yield key, name
        return
    source = graph[str(value[0])]["inputs"]
    for other in ("value", name, "int", "seed"):
        if other in source and not _is_link(source[other], graph):
            yield str(value[0]), other
            return


def _texts(graph: Graph, link: Any, negative: bool, seen: set[str]) -> Iterator[Place]:
    """The literal texts behind a conditioning, followed upstream through nodes that pass it on."""
    if not _is_link(link, graph) or (key := str(link[0])) in seen:
        return
    seen.add(key)
    node = graph[key]
    inputs = node["inputs"]
    if "zeroout" in node["class_type"].lower():
        return
    if "positive" in inputs and "negative" in inputs:
        side = "negative" if link[1] == 1 or (negative and link[1] != 0) else "positive"
        yield from _texts(graph, inputs[side], negative, seen)
        return
    own = [name for name in TEXTS if name in inputs]
    for name in own:
        if _is_link(inputs[name], graph):
            yield from _texts(graph, inputs[name], negative, seen)
        elif isinstance(inputs[name], str):
            yield key, name
    if not own:
        for name in PASSES:
            yield from _texts(graph, inputs.get(name), negative, seen)


def _mapped(graph: Graph, role: str, name: str) -> Place:
    node, _, key = str(name).rpartition(".")
    titles = [k for k, n in graph.items() if _title(n) == node]
    for found in ([node] if node in graph else []) + titles:
        if key in graph[found]["inputs"]:
            return found, key
    known = ", ".join(_known(graph))
    raise BadInput(
        f"map: {role} = {name!r} is no NODE.INPUT of the workflow", f"There are: {known}"
    )


def _title(node: Mapping[str, Any]) -> Any:
    about = node.get("_meta")
    return about.get("title") if isinstance(about, dict) else None


def _known(graph: Graph) -> Iterable[str]:
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            if not _is_link(value, graph):
                yield f"{key}.{name}"


def _is_link(value: Any, graph: Graph) -> bool:
    return isinstance(value, list) and len(value) == 2 and str(value[0]) in graph


def _is_guider(node: Mapping[str, Any]) -> bool:
    return "guider" in node["class_type"].lower()


def _is_empty_latent(node: Mapping[str, Any]) -> bool:
    low = node["class_type"].lower()
    return "latent" in low and "empty" in low
