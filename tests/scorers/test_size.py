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


def test_evidence_names_what_was_asked_only_where_something_was() -> None:
    none, turned = Size().score([picture(None), picture((20, 30))])
    assert none.evidence == {}
    assert turned.evidence == {"asked": [20, 30]}


def test_one_pixel_off_is_not_as_requested() -> None:
    for asked in ((30, 21), (29, 20), (60, 40)):
        assert Size().score([picture(asked)])[0].values["size.as_requested"] == 0


def test_a_pixel_and_a_very_wide_picture_have_their_size() -> None:
    for height, width in ((1, 1), (1, 70_000)):
        (reading,) = Size().score([Picture(RECORD, np.zeros((height, width, 3), np.uint8))])
        assert (reading.values["size.width"], reading.values["size.height"]) == (width, height)
