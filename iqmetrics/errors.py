"""Everything that iqmetrics raises on purpose.

IqmError                one sentence of fact, one of help; exit code 2: the user can fix it
|-- UnknownName         a name that no table, entry point or file has, with a did-you-mean
|-- Unavailable         a package or a weight file is missing; the hint is the command to run
|-- BadInput            a file or an option cannot be used as it is
`-- NothingScored       exit code 3: there were images, and not one could be scored
ImageProblem            one image cannot be shown to the scorers (never leaves the engine)
"""

from collections.abc import Iterable
from difflib import get_close_matches


class IqmError(Exception):
    """A failure that can be told in one sentence, with one sentence of help."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UnknownName(IqmError):
    """No such scorer, preset, option ...; names the nearest one that exists."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        near = get_close_matches(name, known := sorted(known), n=1)
        guess = f"Did you mean {near[0]!r}? " if near else ""
        super().__init__(
            f"no {kind} named {name!r}", guess + (hint or f"Known: {', '.join(known)}")
        )


class Unavailable(IqmError):
    """A package or weight file is not here; `hint` is the one command that brings it."""

    @classmethod
    def extra(cls, what: str, package: str, extra: str) -> "Unavailable":
        """The error for a missing optional dependency."""
        return cls(
            f"{what} needs {package}, which is not installed", f"pip install 'iqmetrics[{extra}]'"
        )


class BadInput(IqmError):
    """A file or an option that cannot be used as it is."""


class NothingScored(IqmError):
    """There were images, and not one of them could be scored."""

    exit_code = 3


class ImageProblem(Exception):
    """One image cannot be shown to the scorers: a closed status and the reason in words.

    `lasting`: the bytes were read and are to blame, so that the same bytes will give it again.
    """

    def __init__(self, status: str, reason: str, lasting: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.lasting = lasting

    @classmethod
    def of_bytes(cls, status: str, reason: str) -> "ImageProblem":
        """What went wrong after the bytes were read; an error of the system ([Errno 28]) passes."""
        return cls(status, reason, lasting=not reason.startswith("[Errno"))

    def __reduce__(self) -> tuple[type["ImageProblem"], tuple[str, str, bool]]:
        return type(self), (self.status, self.reason, self.lasting)
