"""Sidecars: `picture.txt`, `.json`, `.yaml` beside `picture.png` (or `picture.png.json`)."""

import json
import re
from typing import Any

from iqmetrics.errors import BadInput
from iqmetrics.metadata import a1111, comfyui, comfyui_graph
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.selection import split_suffix
from iqmetrics.metadata.tables import row_of

MAX_BYTES = 16 << 20
SUFFIXES = (".json", ".yaml", ".yml", ".txt")
YAML_LINE = re.compile(r"([A-Za-z_][\w -]*):(?:\s+(.*))?")


def sidecar_names(image: str) -> list[str]:
    """Paths at which a sidecar of `image` may stand, the most telling first."""
    stem = split_suffix(image)[0]
    return [base + suffix for suffix in SUFFIXES for base in (image, stem)]


def read_sidecar(path: str) -> Facts:
    """The facts in one sidecar; a plain text is the prompt.

    Raises:
        BadInput: the file cannot be read, is too large or broken.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"the sidecar cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise BadInput(f"the sidecar is over {MAX_BYTES >> 20} MiB")
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    suffix = split_suffix(path)[1]
    if suffix == ".json":
        return _from_json(text)
    if suffix in (".yaml", ".yml"):
        return row_of(simple_yaml(text), "sidecar").facts
    if "Steps: " in text and len(a1111.PAIR.findall(text.strip().split("\n")[-1])) >= 3:
        return a1111.parse(text, "sidecar a1111")
    return Facts(source="sidecar", prompt=text.strip()) if text.strip() else Facts()


def _from_json(text: str) -> Facts:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the sidecar is not JSON: {error}") from error
    if isinstance(row, str):
        return Facts(source="sidecar", prompt=row)
    if not isinstance(row, dict):
        raise BadInput("the sidecar is not a JSON object")
    graph = comfyui_graph.parse(text)
    return comfyui.facts_of(graph) if graph else row_of(row, "sidecar").facts


def simple_yaml(text: str) -> dict[str, Any]:
    """Flat YAML: `key: value` lines, quoted strings, `|` and `>` blocks, lists of scalars.

    Enough for sidecars without a dependency; deeper structure raises BadInput.
    """
    row: dict[str, Any] = {}
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#") or line.strip() in ("---", "..."):
            continue
        found = YAML_LINE.fullmatch(line.rstrip())
        if not found:
            raise BadInput(f"the sidecar's line {at} is not `key: value`")
        key, value = found[1].strip(), (found[2] or "").strip()
        block: list[str] = []
        while at < len(lines) and (not lines[at].strip() or lines[at][:1] in (" ", "\t", "-")):
            block.append(lines[at])
            at += 1
        row[key] = _value(value, block)
    return row


def _value(value: str, block: list[str]) -> Any:
    parts = [line.strip() for line in block]
    if value[:1] in ("|", ">"):
        return ("\n" if value[0] == "|" else " ").join(parts).strip()
    filled = [part for part in parts if part]
    if not value and filled and all(part.startswith("-") for part in filled):
        return [_scalar(part[1:].strip()) for part in filled]
    return _scalar(" ".join([value, *filled]).strip())


def _scalar(text: str) -> Any:
    if text[:1] in ('"', "[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text.strip('"')
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    text = re.sub(r"\s+#.*", "", text)
    if text in ("", "~", "null"):
        return None
    try:
        return json.loads(text) if re.fullmatch(r"-?\d+(\.\d+)?|true|false", text) else text
    except ValueError:
        return text
