"""Work handed out in portions: a process that is done with one is given the next.

Processes start at different times and share their machine, so that equal shares would end at
different times. What belongs to one set is in one portion.
"""

from collections.abc import Callable, Iterator

from iqmetrics.engines.tasks import together
from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.pipeline.pending import Pending
from iqmetrics.records import ImageRecord

PORTION = 64
"""Images of a portion, or as many as belong together."""


def portions(work: Pending, size: int = PORTION) -> Iterator[Pending]:
    """The work in parts of at least `size` images but for the last, every set whole in one."""
    by_image = {image.record.image: image for image in work.images}
    images: list[ImageWork] = []
    sets: list[SetWork] = []
    for group, of_group in together(by_image, work.sets):
        images += [by_image[image] for image in group]
        sets += of_group
        if len(images) >= size:
            yield Pending(images, sets)
            images, sets = [], []
    if images:
        yield Pending(images, sets)


class Dealt:
    """The portions of one process: asked for when the images of those before are on their way.

    Args:
        ask: answers the next portion, or None when there is none.

    Attributes:
        works: what has come so far, by `ImageRecord.image`.
        sets: the sets that have come so far.
    """

    def __init__(self, ask: Callable[[], Pending | None]) -> None:
        self._ask = ask
        self.works: dict[str, ImageWork] = {}
        self.sets: list[SetWork] = []

    def records(self) -> Iterator[ImageRecord]:
        """All images, portion after portion."""
        while (part := self._ask()) is not None:
            self.sets += part.sets
            self.works.update((image.record.image, image) for image in part.images)
            yield from [image.record for image in part.images]
