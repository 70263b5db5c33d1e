"""Portions of work: whole, in order, every set in one of them."""

from iqmetrics.engines.work import ImageWork, SetWork
from iqmetrics.pipeline.dealing import Dealt, portions
from iqmetrics.pipeline.pending import Pending
from iqmetrics.records import ImageRecord


def work(count, sets=()):
    images = [
        ImageWork(ImageRecord(f"{n}", f"{n}"), {"size": b"k%d" % n}, b"p") for n in range(count)
    ]
    return Pending(images, [SetWork("toy", repr, frozenset(map(str, one))) for one in sets])


def names(part):
    return [image.record.image for image in part.images]


def test_portions_are_the_work_in_order():
    parts = list(portions(work(10), 4))
    assert [names(part) for part in parts] == [list("0123"), list("4567"), list("89")]


def test_no_work_is_no_portion():
    assert list(portions(work(0), 4)) == []


def test_sets_that_share_an_image_stay_in_one_portion():
    parts = list(portions(work(12, sets=[(0, 5), (5, 9), (1, 2), (9, 11), (3, 4), (4, 11)]), 2))
    of = {name: number for number, part in enumerate(parts) for name in names(part)}
    assert sorted(int(name) for name in of) == list(range(12))
    assert sum(map(len, parts)) == 12
    assert of["0"] == of["5"] == of["9"] == of["11"] == of["3"] == of["4"]
    assert of["1"] == of["2"] != of["0"]
    for number, part in enumerate(parts):
        for one in part.sets:
            assert {of[image] for image in one.images} == {number}
    assert sum(len(part.sets) for part in parts) == 6


def test_a_chain_of_many_sets_is_one_portion():
    count = 3000
    (part,) = portions(work(count, sets=[(n, n + 1) for n in reversed(range(count - 1))]), 64)
    assert len(part) == count and len(part.sets) == count - 1


def test_what_is_dealt_is_known_before_its_image_is_decoded():
    parts = [work(2, sets=[(0, 1)]), Pending(work(4).images[2:], [])]
    left = iter([*parts, None])
    dealt = Dealt(lambda: next(left))
    assert dealt.works == {} and dealt.sets == []
    records = dealt.records()
    assert next(records).image == "0"
    assert set(dealt.works) == {"0", "1"} and dealt.sets == parts[0].sets
    assert [record.image for record in records] == ["1", "2", "3"]
    assert set(dealt.works) == set("0123") and dealt.works["3"] is parts[1].images[1]
