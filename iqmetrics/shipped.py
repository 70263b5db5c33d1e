"""Finds the TOML files that come with iqmetrics (presets, gates, suites), and those of a user."""

from collections.abc import Collection, Iterable
from importlib.resources import files
from pathlib import Path

from iqmetrics.errors import BadInput, UnknownName

FOLDER = "iqmetrics.metrics_cfg"


def names(suffix: str) -> list[str]:
    """Names of the shipped files of one kind, without its suffix.

    Example:
        >>> "standard" in names(".preset.toml")
        True
    """
    found = (item.name for item in files(FOLDER).iterdir())
    return sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix))


def text(name: str, suffix: str) -> str:
    """The text of a shipped file."""
    return files(FOLDER).joinpath(name + suffix).read_text("utf-8")


def find(kind: str, name: str, suffix: str, hint: str = "") -> tuple[str, str]:
    """Text and title of a file, by shipped name or by the path of a .toml file.

    Raises:
        BadInput: the path leads to no file that can be read.
        UnknownName: nothing of that name is shipped.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if name not in names(suffix):
            raise UnknownName(kind, name, names(suffix), hint)
        return text(name, suffix), name
    try:
        return path.read_text("utf-8-sig", "surrogateescape"), path.name.removesuffix(suffix)
    except FileNotFoundError as error:
        raise BadInput(f"{kind} file {name} does not exist") from error
    except OSError as error:
        raise BadInput(f"{kind} file {name} cannot be read: {error.strerror}") from error


def only(where: str, keys: Iterable[str], known: Collection[str]) -> None:
    """Refuse a key that means nothing: a rule misspelt would be no rule.

    Raises:
        UnknownName: the first such key, with the nearest known one.
    """
    for key in keys:
        if key not in known:
            raise UnknownName(where, key, known)
