"""Whether anything changed since the last run, told from the walk alone: no file is opened.

The fingerprint covers every entry's path, size, time and inode (sidecars and prompt files too), the
settings, the preset's rule, and each scorer's full version. It is kept only after a complete run
without failures, so whatever could still succeed is tried again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from iqmetrics.engines.local import PASSING
from iqmetrics.errors import Unavailable
from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline.index import Listing
from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.pending import problem_key
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.settings import Settings
from iqmetrics.scorers import base
from iqmetrics.store import Store

WHERE = ("workers", "device", "engine", "address")
"""Settings that say where the work is done, not what."""
_NAME, _UNAVAILABLE, _SEAL = "fingerprint", "unavailable", "scorecard"


@dataclass(frozen=True, slots=True)
class Seen:
    """The fingerprint of what is there now, and whether it is that of the last run."""

    fingerprint: str
    same: bool


def check(
    store: Store, listing: Listing, settings: Settings, results: Sequence[Path], card: Path
) -> Seen:
    """Compare with the last run; never the same when a result file is gone or empty.

    Nor when the scorecard at `card` was written to since.
    """
    scorers = settings.build_scorers()
    digest = blake2b(digest_size=16)
    for line in _lines(listing, settings, scorers):
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    fingerprint = digest.hexdigest()
    same = store.get(_NAME) == fingerprint and all(map(_is_written, results))
    same = same and store.get(_SEAL) == _seal(card)
    return Seen(fingerprint, same and _still_unavailable(store, scorers))


def remember(store: Store, seen: Seen, result: Result, card: Path) -> None:
    """Keep the fingerprint of a run that has nothing left to try, and what its scorecard is."""
    statuses = {status for row in result.scorecard.rows for status in row.coverage}
    settled = not result.interrupted and "failed" not in statuses and not _passing(store, result)
    store.put(_NAME, seen.fingerprint if settled else "")
    store.put(_UNAVAILABLE, "\n".join(sorted(result.run.unavailable)))
    store.put(_SEAL, _seal(card))


def _seal(path: Path) -> str:
    """What is another once a file was written to."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _is_written(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _passing(store: Store, result: Result) -> bool:
    """Whether an image could not be read or decoded, and may be next time."""
    problems = result.run.decode_problems
    broken = [r for r in result.run.records if r.image in problems]
    keys = {problem_key(r) for r in broken if problems[r.image].status in PASSING}
    return bool(keys - store.known(keys))


def _lines(listing: Listing, settings: Settings, scorers: dict[str, base.Scorer]) -> Iterator[str]:
    from iqmetrics import __version__

    facts = [f"{f.name} {f.full_version}" for f in map(ScorerFacts.of, scorers.values())]
    asked = {k: str(v) for k, v in asdict(settings).items() if k not in WHERE}
    yield from (__version__, DECODE_POLICY, *facts, repr(sorted(asked.items())))
    yield repr(settings.rule())  # a preset file may change its rule and keep its scorers
    yield from listing.stat_lines(settings)


def _still_unavailable(store: Store, scorers: dict[str, base.Scorer]) -> bool:
    for name in (store.get(_UNAVAILABLE) or "").split():
        try:
            base.load(scorers[name], "cpu")
        except Unavailable:
            continue
        return False
    return True
