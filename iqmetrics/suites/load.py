"""`load`: a suite by shipped name, by file, or "FORMAT:FILE" for a public benchmark's own file."""

from pathlib import Path

from iqmetrics.errors import BadInput, UnknownName
from iqmetrics.records import PromptSuite
from iqmetrics.suites import benchmarks
from iqmetrics.suites.files import load_file, load_shipped, shipped


def load(name: str) -> PromptSuite:
    """The suite that a user means; a shipped name is that suite, whatever folder is called so.

    Raises:
        UnknownName: no suite or format of that name.
        BadInput: the file cannot be read as a suite.
    """
    if name in shipped():
        return load_shipped(name)
    head, colon, tail = name.partition(":")
    if colon and head in benchmarks.FORMATS:
        return benchmarks.load(head, Path(tail))
    path = Path(name)
    if path.exists() and (path.is_dir() or path.suffix):
        found = benchmarks.recognise(path)
        if found:
            return benchmarks.load(found, path)
        if path.suffix in (".toml", ".jsonl", ".ndjson"):
            return load_file(path)
        raise BadInput(
            f"{path} is no suite that iqm recognises",
            f"Say its format: FORMAT:{name}, one of {', '.join(benchmarks.FORMATS)}",
        )
    if path.suffix or "/" in name:
        raise BadInput(f"suite {name} does not exist", f"Shipped suites: {', '.join(shipped())}")
    if colon:
        raise UnknownName("suite format", head, benchmarks.FORMATS)
    return load_shipped(name)
