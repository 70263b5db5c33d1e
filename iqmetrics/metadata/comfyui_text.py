"""Which words a sampler of a ComfyUI graph was given: follow its edges by role, not by class.

Every answer is a `Words`: the texts found, and whether they are what the text encoder really saw.
A string node that is fed by an image or a language model computes its text at run time; the file
does not hold that text, so whatever literal stands there is marked as computed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from iqmetrics.metadata.comfyui_graph import Graph, Link, Node

MAX_DEPTH = 100
MAX_TEXTS = 64
MAX_CHARACTERS = 1 << 20

TEXT = re.compile(
    r"(populated_text|text|prompt|t5xxl|clip_[lgh]|llama|text_[gl]|string|value|user_prompt|"
    r"positive|positive_prompt|instruction|caption|tags|lyrics|wildcard_text|content|input|str|_str)"
    r"(_?\d+|_?[a-h])?(_opt)?",
    re.IGNORECASE,
)
"""Inputs that carry a text."""

CONDITIONING = re.compile(
    r"(conditioning|cond|positive|negative|basic_pipe|pipe|guider).*", re.IGNORECASE
)
JOINING = ("concat", "join", "combine", "append", "merge")
SWITCHING = ("switch", "select", "conditional", "ifelse", "if else", "branch", "any", "mux")
COMPUTING = (
    "ollama", "llm", "gpt", "gemini", "claude", "florence", "caption", "interrogat", "wd14",
    "tagger", "joytag", "qwenvl", "qwen2vl", "moondream", "llava", "vision", "describe", "enhance",
    "generatetext", "textgenerate", "randomprompt",
    "wildcard", "dynamicprompt", "dprandom", "dpcombin", "chat",
)  # fmt: skip
PIXELS = {
    "image",
    "images",
    "pixels",
    "video",
    "mask",
    "audio",
    "model",
    "llm_model",
    "florence2_model",
}
SETTINGS = {
    "temperature",
    "max_tokens",
    "max_new_tokens",
    "max_length",
    "api_key",
    "top_p",
    "keep_alive",
}
ENCODERS = {"clip", "clip1", "text_encoder", "t5", "text_encoders", "bert"}


@dataclass(frozen=True, slots=True)
class Words:
    """Texts found in order, without repeats, and how far they can be trusted."""

    texts: tuple[str, ...] = ()
    computed: bool = False
    several: bool = False

    @property
    def text(self) -> str | None:
        """One text: the parts that no other part contains, in order; None = nothing found."""
        if not self.texts:
            return None
        parts = [t for t in self.texts if not any(t != o and t.strip() in o for o in self.texts)]
        text = "\n".join(dict.fromkeys(parts))
        return text if text.strip() else ""


NOTHING = Words()
UNKNOWN = Words(computed=True)
"""What stands behind more edges than are followed."""


def merged(found: Iterable[Words], *, several: bool = False) -> Words:
    """All texts of `found`, each once."""
    found = [words for words in found if words.texts or words.computed]
    texts = tuple(dict.fromkeys(text for words in found for text in words.texts))[:MAX_TEXTS]
    filled = tuple(text for text in texts if text.strip())
    return Words(
        filled or texts,
        any(words.computed for words in found),
        any(words.several for words in found) or (several and len(filled) > 1),
    )


class Reader:
    """Resolves conditionings and strings of one graph; answers each edge once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.known: dict[tuple[Link, str], Words] = {}
        self.depth = 0

    def conditioning(self, link: Link, role: str) -> Words:
        """The text behind a conditioning edge; `role` is "positive" or "negative"."""
        return self._once(link, role, lambda node: self._conditioning(node, link.slot, role))

    def output(self, link: Link) -> Words:
        """The text that a string node gives out."""
        return self._once(link, "", self._output)

    def _once(self, link: Link, role: str, find: Callable[[Node], Words]) -> Words:
        """`find` for an edge not seen yet; an edge that leads back to itself says nothing."""
        if (link, role) not in self.known:
            if self.depth >= MAX_DEPTH:
                return UNKNOWN
            self.known[link, role] = NOTHING
            self.depth += 1
            self.known[link, role] = find(self.graph[link.node])
            self.depth -= 1
        return self.known[link, role]

    def _conditioning(self, node: Node, slot: int, role: str) -> Words:
        if node.has("zeroout"):
            return Words(("",))
        if {"positive", "negative"} <= set(node.links):
            sides = ("positive", "negative")
            name = sides[slot] if slot in (0, 1) and not node.has("pipe") else role
            return self.conditioning(node.links[name], role)
        if role in node.links and node.has("pipe"):
            return self.conditioning(node.links[role], role)
        if self._encodes(node):
            return self._encoded(node, role)
        names = [name for name in node.links if CONDITIONING.fullmatch(name)]
        if node.has(*SWITCHING) and (chosen := self._chosen(node)):
            names = [chosen]
        elif not names:
            names = [n for n in node.links if n not in PIXELS] if self._passes(node) else []
        other = "negative" if role == "positive" else "positive"
        names = [name for name in names if not name.startswith(other)]
        return merged((self.conditioning(node.links[n], role) for n in names), several=True)

    @staticmethod
    def _passes(node: Node) -> bool:
        return len(node.links) == 1 or node.has(*SWITCHING)

    def _encodes(self, node: Node) -> bool:
        if any(CONDITIONING.fullmatch(n) and not n.startswith("pos") for n in node.links):
            return bool(ENCODERS & set(node.links))
        keys = [n for n in (*node.links, *node.literals) if TEXT.fullmatch(n)]
        if not keys:
            return False
        return bool(
            ENCODERS & set(node.links)
            or node.has("encode", "prompt", "loader", "efficient", "pipe", "text")
            or any(isinstance(node.literals.get(n), str) for n in ("text", "prompt", "positive"))
        )

    def _encoded(self, node: Node, role: str) -> Words:
        """The texts of a text encoder, or of a loader that encodes both polarities."""
        both = [n for n in (*node.links, *node.literals) if n.lower().startswith(role)]
        if not both and role == "negative":
            both = [n for n in (*node.links, *node.literals) if n.lower().startswith("neg")]
        names = both or [
            n
            for n in (*node.literals, *node.links)
            if TEXT.fullmatch(n) and not n.lower().startswith(("positive", "negative"))
        ]
        populated = [n for n in names if n.startswith("populated") and node.literals.get(n)]
        return merged(self.string(node, name) for name in populated or names)

    def string(self, node: Node, name: str) -> Words:
        """The text in input `name` of `node`, literal or linked."""
        if name in node.links:
            return self.output(node.links[name])
        value = node.literals.get(name)
        return Words((value,)) if isinstance(value, str) else NOTHING

    def _output(self, node: Node) -> Words:
        if node.has(*JOINING):
            return self._joined(node)
        names = [n for n in (*node.literals, *node.links) if TEXT.fullmatch(n)]
        if node.has(*SWITCHING):
            chosen = self._chosen(node)
            branches = [chosen] if chosen else [n for n in node.links if n not in PIXELS]
            found = merged((self.string(node, n) for n in branches), several=True)
            return (
                found
                if found.texts or found.computed
                else merged((self.string(node, n) for n in names), several=True)
            )
        if not names:
            names = list(node.links) if len(node.links) == 1 else []
        if node.has("replace") and "find" in node.literals:
            return self._replaced(node)
        populated = [n for n in names if n.startswith("populated") and node.literals.get(n)]
        found = merged(self.string(node, n) for n in populated or names)
        computed = self._computes(node) and not populated
        return Words(found.texts, found.computed or computed, found.several)

    @staticmethod
    def _computes(node: Node) -> bool:
        return bool(
            node.has(*COMPUTING)
            or PIXELS & set(node.links)
            or SETTINGS & set(node.literals)
            or ("seed" in node.literals and "model" in node.literals)
        )

    def _joined(self, node: Node) -> Words:
        glue = next(
            (
                v
                for n in ("delimiter", "separator", "glue")
                if isinstance(v := node.literals.get(n), str)
            ),
            "",
        )
        glue = glue.replace("\\n", "\n")
        names = [
            n
            for n in (*node.links, *node.literals)
            if TEXT.fullmatch(n) and n not in ("delimiter", "separator")
        ]
        names.sort(key=_by_number)
        parts = [self.string(node, name) for name in names]
        texts = [part for words in parts if (part := words.text or "")]
        if sum(map(len, texts)) + len(glue) * len(texts) > MAX_CHARACTERS:
            return UNKNOWN
        computed = any(w.computed for w in parts)
        if computed and not texts:
            return UNKNOWN
        return Words((glue.join(texts),), computed, any(w.several for w in parts))

    def _replaced(self, node: Node) -> Words:
        source = merged(self.string(node, n) for n in ("string", "text"))
        find = self.string(node, "find").text
        by = self.string(node, "replace").text
        if find and by is not None and len(by) * sum(map(len, source.texts)) <= MAX_CHARACTERS:
            return Words(tuple(t.replace(find, by) for t in source.texts), source.computed)
        return Words(source.texts, True)

    def _chosen(self, node: Node) -> str | None:
        """The branch that a switch with a literal selector takes; None when it is not told."""
        for name, value in node.literals.items():
            low = name.lower()
            if isinstance(value, bool) and low in (
                "switch",
                "boolean",
                "condition",
                "cond",
                "value",
                "bool",
            ):
                pairs = (("on_true", "on_false"), ("tt_value", "ff_value"), ("true", "false"))
                for yes, no in pairs:
                    if yes in node.links or no in node.links:
                        return yes if value else no
            if (
                isinstance(value, int)
                and not isinstance(value, bool)
                and (low in ("select", "index", "input", "selected", "choice", "select_input"))
            ):
                for branch in (*node.links, *node.literals):
                    digits = re.search(r"(\d+)$", branch)
                    if digits and int(digits[1]) == value and branch != name:
                        return branch
        return None


def _by_number(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts `string_10` behind `string_2`."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
