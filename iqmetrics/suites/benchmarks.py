"""Readers for the native prompt files of public benchmarks (none of their prompts is shipped).

What a benchmark says beyond the prompt is kept in `params["about"]` and never sent to a model.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from iqmetrics.csv_text import ends_in_quotes
from iqmetrics.errors import BadInput
from iqmetrics.records import Prompt, PromptSuite
from iqmetrics.suites.files import read, suite
from iqmetrics.suites.plan import ABOUT

Row = Mapping[str, Any]
QUOTED = re.compile(r"""(?<!\w)["'“‘「『](.+?)["'”’」』](?!\w)""")


def partiprompts(path: Path) -> Iterable[Prompt]:
    """PartiPrompts.tsv: Prompt, Category, Challenge, Note; ids are row numbers."""
    for number, row in enumerate(_table(path, "Prompt"), 0):
        yield _prompt(f"{number:05d}", row["Prompt"], (row.get("Category"), row.get("Challenge")))


def drawbench(path: Path) -> Iterable[Prompt]:
    """DrawBench.csv: Prompts, Category; a "Text" prompt quotes what must be readable."""
    for number, row in enumerate(_table(path, "Prompts"), 0):
        texts = tuple(QUOTED.findall(row["Prompts"])) if row.get("Category") == "Text" else None
        yield _prompt(f"{number:05d}", row["Prompts"], (row.get("Category"),), texts=texts or None)


def geneval(path: Path) -> Iterable[Prompt]:
    """evaluation_metadata.jsonl: tag, include, exclude, prompt; ids as GenEval's folders."""
    for number, row in enumerate(_json_lines(path)):
        about = {key: value for key, value in row.items() if key != "prompt"}
        yield _prompt(f"{number:05d}", row["prompt"], (row.get("tag"),), about)


def t2i_compbench(path: Path) -> Iterable[Prompt]:
    """CATEGORY_val.txt or a folder of them: one prompt a line; tagged with the file's name."""
    for file in _files(path, "*.txt"):
        for number, line in enumerate(read(file).splitlines()):
            if line.strip():
                tag = re.sub(r"_(val|train)$", "", file.stem)
                yield _prompt(f"{tag}-{number:05d}", line.strip(), (tag,))


def dpg_bench(path: Path) -> Iterable[Prompt]:
    """A folder `prompts` with one text file a prompt; the id is the file's name."""
    for file in _files(path, "*.txt"):
        yield _prompt(file.stem, " ".join(read(file).split()), ())


def longtext_bench(path: Path) -> Iterable[Prompt]:
    """text_prompts[_zh].jsonl: prompt_id, prompt, text (to be readable), category, length."""
    language = "zh" if path.stem.endswith("_zh") else "en"
    for number, row in enumerate(_json_lines(path)):
        text = row.get("text", row.get("texts"))
        texts = None if text is None else tuple([text] if isinstance(text, str) else text)
        tags = (row.get("category"), row.get("length"))
        key = f"{int(row.get('prompt_id', number)):04d}"
        yield _prompt(key, row["prompt"], tags, texts=texts, language=language)


def oneig(path: Path) -> Iterable[Prompt]:
    """OneIG-Bench[-ZH].csv or .json: category, id, prompt_en or prompt_cn, class, type, length."""
    rows = _json_list(path) if path.suffix == ".json" else _table(path, "category", "id")
    for row in rows:
        language = "zh" if row.get("prompt_cn") or row.get("prompt_zh") else "en"
        text = row.get("prompt_en") or row.get("prompt_cn") or row.get("prompt_zh")
        about = {k: v for k, v in row.items() if v and not k.startswith("prompt_")}
        if not isinstance(text, str):
            raise BadInput(f"{path} has a row without prompt_en or prompt_cn")
        tags = (row.get("category"), row.get("class"))
        yield _prompt(f"{row['category']}-{row['id']}", text, tags, about, language=language)


def hpdv2(path: Path) -> Iterable[Prompt]:
    """[benchmark_]STYLE.json (a list of strings), or a folder of them; tagged STYLE."""
    for file in _files(path, "*.json"):
        style = file.stem.removeprefix("benchmark_")
        for number, text in enumerate(_json_list(file)):
            words = text.get("prompt") if isinstance(text, dict) else text
            if not isinstance(words, str):
                raise BadInput(f"{file}, entry {number}, is not a prompt")
            yield _prompt(f"{style}-{number:05d}", words, (style,))


FORMATS: dict[str, Callable[[Path], Iterable[Prompt]]] = {
    "partiprompts": partiprompts,
    "drawbench": drawbench,
    "geneval": geneval,
    "t2i-compbench": t2i_compbench,
    "dpg-bench": dpg_bench,
    "longtext-bench": longtext_bench,
    "oneig": oneig,
    "hpdv2": hpdv2,
}

SEEDS = {"geneval": (0, 1, 2, 3), "dpg-bench": (0, 1, 2, 3), "longtext-bench": (0, 1, 2, 3)} | {
    "oneig": (0, 1, 2, 3)
}
"""Images a prompt by the benchmark's own protocol, where it asks for more than one."""

NAMES = {
    "partiprompts": r"parti-?prompts.*\.tsv",
    "drawbench": r"drawbench.*\.csv",
    "geneval": r"evaluation_metadata.*\.jsonl",
    "t2i-compbench": r"(color|shape|texture|(3d_|non_)?spatial|numeracy|complex)_val\.txt",
    "longtext-bench": r"text_prompts(_zh)?\.jsonl",
    "oneig": r"oneig-bench.*\.(csv|json)",
    "hpdv2": r"(benchmark_)?(anime|concept-art|paintings|photo)\.json",
}
"""How each benchmark calls its file, in any case."""


def recognise(path: Path) -> str:
    """The benchmark whose file this is, by its well-known name; "" when it is none."""
    if path.is_dir():
        inside = {recognise(file) for file in path.iterdir() if file.is_file()} - {""}
        return inside.pop() if len(inside) == 1 else ""
    low = path.name.lower()
    return next((name for name, pattern in NAMES.items() if re.fullmatch(pattern, low)), "")


def load(name: str, path: Path) -> PromptSuite:
    """A benchmark's own file as a suite."""
    if not path.exists():
        raise BadInput(f"{path} does not exist", f"Give the {name} prompt file")
    try:
        prompts = list(FORMATS[name](path))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise BadInput(f"{path} is not a prompt file of {name}: {error!r}") from error
    seeds = SEEDS.get(name, ())
    return suite(name, [replace(prompt, seeds=seeds) for prompt in prompts])


def _prompt(
    key: str,
    text: str,
    tags: Iterable[Any],
    about: Mapping[str, Any] | None = None,
    *,
    texts: tuple[str, ...] | None = None,
    language: str = "en",
) -> Prompt:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"prompt {key} is {text!r}")
    if not all(isinstance(one, str) for one in texts or ()):
        raise TypeError(f"prompt {key} asks for the texts {texts!r}")
    known = tuple(str(tag) for tag in tags if tag)
    params = {ABOUT: dict(about)} if about else {}
    return Prompt(key, text, known, language, None, texts, params=params)


def _table(path: Path, *needed: str) -> list[dict[str, str]]:
    delimiter = "\t" if path.suffix == ".tsv" else ","
    text = read(path)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = set(needed) - set(reader.fieldnames or ())
    if missing:
        raise BadInput(f"{path} has no column {', '.join(sorted(missing))}")
    if ends_in_quotes(text, delimiter):
        raise ValueError("it ends inside a field in quotes")
    return list(reader)


def _json_lines(path: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in read(path).split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{path} is not one JSON object a line")
    return rows


def _json_list(path: Path) -> list[Any]:
    data = json.loads(read(path))
    if not isinstance(data, list):
        raise BadInput(f"{path} is not a JSON list")
    return data


def _files(path: Path, pattern: str) -> list[Path]:
    files = sorted(path.glob(pattern)) if path.is_dir() else [path]
    if not files:
        raise BadInput(f"no {pattern} in {path}")
    return files
