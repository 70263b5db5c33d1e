"""A ComfyUI graph in API format: nodes, links, and how far each node is from the image saved.

A graph is `{id: {"class_type": name, "inputs": {key: literal or [id, slot]}}}`; ids of nodes inside
subgraphs look like "76:6". Source: ComfyUI server.py and execution.py (prompt format).
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_NODES = 20_000


class Link(NamedTuple):
    """An edge: the id of the node it comes from, and which of its outputs."""

    node: str
    slot: int


@dataclass(slots=True)
class Node:
    """One node: class, literal inputs and linked inputs."""

    id: str
    kind: str
    literals: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    def has(self, *parts: str) -> bool:
        """Whether the class name contains one of `parts`, in any case."""
        low = self.kind.lower()
        return any(part in low for part in parts)


Graph = Mapping[str, Node]


def parse(text: str) -> Graph:
    """The graph in a `prompt` chunk (NaN is allowed in its JSON); empty when it is none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if isinstance(raw, dict) and isinstance(raw.get("prompt"), dict):
        raw = raw["prompt"]
    if not isinstance(raw, dict) or len(raw) > MAX_NODES:
        return {}
    nodes = {str(key): node for key, node in raw.items() if _is_node(node)}
    return {key: _node(key, node, nodes) for key, node in nodes.items()}


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str)


def _node(key: str, raw: Mapping[str, Any], known: Mapping[str, Any]) -> Node:
    node = Node(key, raw["class_type"])
    inputs = raw.get("inputs")
    for name, value in (inputs if isinstance(inputs, dict) else {}).items():
        if (
            isinstance(value, list)
            and len(value) == 2
            and isinstance(value[0], (str, int))
            and isinstance(value[1], int)
            and str(value[0]) in known
        ):
            node.links[name] = Link(str(value[0]), value[1])
        elif isinstance(value, dict) and "__value__" in value:
            node.literals[name] = value["__value__"]
        else:
            node.literals[name] = value
    return node


def outputs(graph: Graph) -> list[Node]:
    """The nodes that end the graph: savers before previews before whatever feeds no other node."""
    used = {link.node for node in graph.values() for link in node.links.values()}
    ends = [n for n in graph.values() if n.id not in used and n.links]
    shown = [n for n in ends if not n.has("text", "string", "caption")]
    savers = [n for n in shown if n.has("save")]
    previews = [n for n in shown if n.has("preview")]
    return savers or previews or shown or ends


def depths(graph: Graph, ends: list[Node]) -> dict[str, int]:
    """Longest number of edges from any of `ends` up to each node that they depend on.

    In a graph with a cycle (not runnable, but possible in a file) the nodes on it get the shortest.
    """
    shortest = {end.id: 0 for end in ends}
    queue = deque(end.id for end in ends)
    consumers: dict[str, int] = dict.fromkeys(shortest, 0)
    while queue:
        here = queue.popleft()
        for link in graph[here].links.values():
            consumers[link.node] = consumers.get(link.node, 0) + 1
            if link.node not in shortest:
                shortest[link.node] = shortest[here] + 1
                queue.append(link.node)
    longest = dict(shortest)
    ready = deque(key for key, waiting in consumers.items() if waiting == 0)
    while ready:
        here = ready.popleft()
        for link in graph[here].links.values():
            longest[link.node] = max(longest[link.node], longest[here] + 1)
            consumers[link.node] -= 1
            if consumers[link.node] == 0:
                ready.append(link.node)
    return longest


def upstream(graph: Graph, start: Link, keys: re.Pattern[str]) -> Iterator[Node]:
    """Nodes reached from `start` (included) by edges named like `keys`, nearest first."""
    seen = {start.node}
    queue = deque([start.node])
    while queue:
        node = graph[queue.popleft()]
        yield node
        passes = len(node.links) == 1 and node.has("reroute", "switch", "getnode", "setnode")
        for name, link in node.links.items():
            if link.node not in seen and (passes or keys.fullmatch(name)):
                seen.add(link.node)
                queue.append(link.node)
