"""size: found and asked for."""

from dataclasses import replace

import numpy as np
from contract import check_scorer

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.size import Size

RECORD = ImageRecord("a.png", "a.png")


def picture(asked: tuple[int, int] | None) -> Picture:
    return Picture(replace(RECORD, requested_size=asked), np.zeros((20, 30, 3), np.uint8))


def test_contract() -> None:
    check_scorer(Size(), [picture(None), picture((30, 20)), picture((20, 30))])


def test_as_requested_compares_width_and_height() -> None:
    none, same, turned = Size().score([picture(None), picture((30, 20)), picture((20, 30))])
    assert same.values == {"size.width": 30, "size.height": 20, "size.as_requested": 1}
    assert turned.values["size.as_requested"] == 0
    assert none.missing["size.as_requested"].status == "not_applicable"
