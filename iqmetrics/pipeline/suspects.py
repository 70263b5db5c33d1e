"""Images that may have ended the process that scored them: scored apart from then on.

The images of a batch are noted in the store before any scorer sees them. A note that is still there
when a run starts was left by a process that was killed, perhaps by one of these images.
"""

import json
from collections.abc import Collection, Sequence

from iqmetrics.images import Picture
from iqmetrics.pipeline.pending import Pending
from iqmetrics.store import Store

_NOW, _KNOWN = "being scored", "suspects"


def begin(store: Store, pictures: Sequence[Picture]) -> None:
    """Note what is about to be scored."""
    store.put(_NOW, json.dumps([picture.record.image for picture in pictures]))


def end(store: Store) -> None:
    """Nothing is being scored any more."""
    store.put(_NOW, "[]")


def remember(store: Store, fatal: Collection[str]) -> None:
    """Keep which images ended a process for certain; the others are cleared of suspicion."""
    store.put(_KNOWN, json.dumps(sorted(fatal)))
    end(store)


def part(store: Store, work: Pending) -> tuple[Pending, Pending]:
    """The work on suspects, with whatever shares a set with them, and the rest."""
    named = {image for note in (_NOW, _KNOWN) for image in json.loads(store.get(note) or "[]")}
    named &= {image.record.image for image in work.images}
    if not named:
        return Pending((), ()), work
    while True:
        sets = [one for one in work.sets if one.images & named]
        grown = named.union(*(one.images for one in sets))
        if grown == named:
            break
        named = grown
    apart = [image for image in work.images if image.record.image in named]
    rest = [image for image in work.images if image.record.image not in named]
    return Pending(apart, sets), Pending(rest, [one for one in work.sets if one not in sets])


def joined(first: Pending, second: Pending) -> Pending:
    """Both as one again."""
    return Pending([*first.images, *second.images], [*first.sets, *second.sets])
