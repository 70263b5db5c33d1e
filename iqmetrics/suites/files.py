"""Suites of our own: `NAME.suite.toml` and JSONL, in and out.

TOML: `about`, `version`, `pick`, defaults (`seeds`, `sizes`, `language`, `negative`, `params`), and
one `[[prompt]]` each with `id`, `text` and optionally `tags`, `texts` and any of the
defaults. JSONL: one prompt a line with the same keys. An unknown key is an error.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from iqmetrics import shipped as shipped_files
from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.records import Prompt, PromptSuite

SUFFIX = ".suite.toml"
DEFAULTS = frozenset(("seeds", "sizes", "language", "negative", "params"))
PROMPT = DEFAULTS | {"id", "text", "tags", "texts"}
TOP = DEFAULTS | {"about", "version", "pick", "prompt"}


def shipped() -> list[str]:
    """Names of the suites that come with iqmetrics."""
    return shipped_files.names(SUFFIX)


def load_shipped(name: str) -> PromptSuite:
    """A suite that comes with iqmetrics."""
    if name not in shipped():
        raise UnknownName("suite", name, shipped())
    return parse_toml(name, shipped_files.text(name, SUFFIX))


def about(name: str) -> str:
    """What a shipped suite is for, in one sentence."""
    text = shipped_files.text(name, SUFFIX)
    return str(tomllib.loads(text).get("about", ""))


def parse_toml(title: str, text: str) -> PromptSuite:
    """A suite from the text of a TOML file.

    Raises:
        BadInput: it is not TOML, or a value has the wrong type.
        UnknownName: an unknown key.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"suite {title} is not valid TOML: {error}") from error
    shipped_files.only(f"key in suite {title}", data, TOP)
    defaults = {key: data[key] for key in DEFAULTS & data.keys()}
    rows = data.get("prompt", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(
            f"suite {title}: prompt is not a list of tables",
            "Write [[prompt]], with two brackets, above the id and text of each",
        )
    prompts = [_prompt(title, {**defaults, **row}) for row in rows]
    return suite(title, prompts, str(data.get("version", "1")), data.get("pick", 1))


def parse_jsonl(title: str, text: str) -> PromptSuite:
    """A suite from JSON lines, each with at least `text` (or `prompt`) and `id`."""
    prompts = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            json.dumps(row, ensure_ascii=False, allow_nan=False).encode()  # no NaN, no half letters
        except (ValueError, RecursionError) as error:
            raise BadInput(f"suite {title}, line {number}, is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise BadInput(f"suite {title}, line {number}, is not a JSON object")
        if "prompt" in row and "text" not in row:
            row["text"] = row.pop("prompt")
        prompts.append(_prompt(title, {"id": f"{number:04d}", **row}))
    return suite(title, prompts)


def suite(title: str, prompts: list[Prompt], version: str = "1", pick: Any = 1) -> PromptSuite:
    """A checked suite: at least one prompt, ids unique, pick a number from 1."""
    if not prompts:
        raise BadInput(f"suite {title} has no prompts", "Add [[prompt]] tables with id and text")
    seen: set[str] = set()
    for prompt in prompts:
        if prompt.id in seen:
            raise BadInput(f"suite {title} has two prompts with id {prompt.id!r}")
        seen.add(prompt.id)
    if type(pick) is not int or pick < 1:
        raise BadInput(f"suite {title}: pick = {pick!r}", "It counts the images of a prompt from 1")
    return PromptSuite(title, version, tuple(prompts), pick)


def _prompt(title: str, row: Mapping[str, Any]) -> Prompt:
    shipped_files.only(f"key in a prompt of suite {title}", row, PROMPT)
    where = f"suite {title}, prompt {row.get('id', '?')!r}"
    if type(row.get("id")) not in (str, int) or not isinstance(row.get("text"), str):
        raise BadInput(f"{where}: id and text are needed, both strings")
    texts = row.get("texts")
    try:
        return Prompt(
            id=str(row["id"]),
            text=row["text"],
            tags=_strings(row.get("tags") or ()),
            language=str(row.get("language") or ""),
            negative=None if row.get("negative") is None else str(row["negative"]),
            texts=None if texts is None else _strings(texts),
            sizes=tuple(_size(size) for size in _many("sizes", row.get("sizes"))),
            seeds=tuple(_whole(seed) for seed in _many("seeds", row.get("seeds"))),
            params=_params(row.get("params")),
        )
    except (TypeError, ValueError) as error:
        raise BadInput(f"{where}: {error}") from error


def _many(key: str, value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise TypeError(f"{key} = {value!r} is not a list")
    return value or []


def _params(value: Any) -> dict[str, Any]:
    """What is asked of the model; null asks nothing."""
    if value is not None and not isinstance(value, dict):
        raise TypeError(f"params = {value!r} is not a table")
    return {name: asked for name, asked in (value or {}).items() if asked is not None}


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{value!r} is not a list of strings")
    return tuple(value)


def _size(value: Any) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"size {value!r} is not [width, height]")
    width, height = map(_whole, value)
    if width < 1 or height < 1:
        raise ValueError(f"size {value!r} is not positive")
    return width, height


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def to_jsonl(made: PromptSuite) -> str:
    """The suite as JSON lines; `parse_jsonl` reads them back to equal prompts."""
    keep = [
        {k: v for k, v in asdict(prompt).items() if k == "text" or v not in ("", None, {})}
        for prompt in made.prompts
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in keep)


def to_toml(made: PromptSuite, purpose: str = "") -> str:
    """The suite as TOML; `parse_toml` reads it back to an equal suite, less what is null."""
    lines = [f"about = {_toml(purpose)}", f"version = {_toml(made.version)}", f"pick = {made.pick}"]
    for prompt in made.prompts:
        lines += ["", "[[prompt]]"]
        for key, value in asdict(prompt).items():
            if (
                key in ("id", "text")
                or value not in ("", None, (), {})
                or (key == "texts" and value == ())
            ):
                lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        told = {str(k): v for k, v in value.items() if v is not None}
        inner = ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in told.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if value is None:
        raise BadInput("TOML has no word for null in a list", "Print the suite with --jsonl")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def load_file(path: Path) -> PromptSuite:
    """A suite of our own from a TOML or JSONL file."""
    text = read(path)
    title = path.name.removesuffix(SUFFIX).removesuffix(path.suffix)
    return (parse_toml if path.suffix == ".toml" else parse_jsonl)(title, text)


def read(path: Path) -> str:
    """The text of a suite file.

    Raises:
        BadInput: it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"suite {path} is not UTF-8: {error.reason}", "Save it again, as UTF-8"
        ) from error
    except OSError as error:
        raise BadInput(f"suite {path} cannot be read: {error.strerror}") from error
