"""The hands scorer: contract, known hands, and how it abstains."""

import numpy as np
import pytest
from contract import check_scorer
from nets.hands.rendered import hand, placed, wall

from iqmetrics import plugins
from iqmetrics.images import Picture
from iqmetrics.nets.hands import session
from iqmetrics.nets.hands.count import REASONS, Count
from iqmetrics.nets.hands.find import Hand
from iqmetrics.nets.hands.region import Region
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import load, options, weights
from iqmetrics.scorers.hands import JUDGED, Hands, reading


def picture(pixels):
    return Picture(ImageRecord("a.png", "a.png"), np.ascontiguousarray(pixels))


def read(pixels):
    scorer = Hands()
    load(scorer, "cpu")
    return scorer.score([picture(pixels)])[0]


def some(verdict, reason=""):
    found = Hand(0.99, Region(50, 50, 90, 0.0), np.random.default_rng(0).random((21, 2)) * 90, 0.5)
    return found, Count(verdict, ((1.0, 2.0),) * 5, 0.9, 0.9, reason)


def read_of(*pairs):
    return reading([h for h, _ in pairs], [c for _, c in pairs])


def test_it_keeps_the_contract():
    two = np.hstack([placed("five", 360, 360, 12, 12), placed("six", 360, 360, 12, 12)])
    pictures = [picture(p) for p in (hand("fist"), wall(120, 200), two, hand("four"))]
    check_scorer(Hands(), pictures)


@pytest.mark.parametrize(
    ("name", "extra", "missing"), [("five", 0, 0), ("six", 1, 0), ("four", 0, 1)]
)
def test_known_hands(name, extra, missing):
    got = read(hand(name))
    want = {
        "count": 1,
        "countable": 1,
        "extra": extra,
        "missing": missing,
        "wrong": extra + missing,
    }
    assert got.values == {f"hands.{k}": float(v) for k, v in want.items()}
    assert not got.missing


def test_a_planted_sixth_finger_is_the_only_wrong_one():
    got = read(np.hstack([placed("five", 360, 360, 12, 12), placed("six", 360, 360, 12, 12)]))
    assert got.values["hands.count"] == 2
    assert got.values["hands.wrong"] == got.values["hands.extra"] == 1
    six = next(h for h in got.evidence["hands"] if h["verdict"] == "extra")
    assert six["box"][0] > 360 and six["fingers"] >= 6 and len(six["tips"]) == six["fingers"]


def test_a_fist_is_counted_as_a_hand_and_its_fingers_abstained():
    got = read(hand("fist"))
    assert got.values == {"hands.count": 1.0, "hands.countable": 0.0}
    assert {m.status for m in got.missing.values()} == {"abstained"}
    assert "folded" in got.missing["hands.wrong"].reason


def test_without_hands_there_is_nothing_to_judge():
    got = read(wall(200, 200))
    assert got.values == {"hands.count": 0.0, "hands.countable": 0.0}
    assert {got.missing[m].status for m in JUDGED} == {"not_applicable"}


def test_sums_over_hands():
    got = read_of(
        some("extra"), some("missing"), some("normal"), some("unsure", "too small: 20 px")
    )
    assert got.values == {
        "hands.count": 4.0,
        "hands.countable": 3.0,
        "hands.extra": 1.0,
        "hands.missing": 1.0,
        "hands.wrong": 2.0,
    }


def test_what_is_not_surely_a_hand_is_no_hand():
    nothing = some("unsure", REASONS["nothing"])
    assert read_of(nothing, some("normal")).values["hands.count"] == 1
    alone = read_of(nothing)
    assert alone.values["hands.count"] == 0
    assert alone.missing["hands.wrong"].status == "not_applicable"
    assert len(alone.evidence["hands"]) == 1


def test_all_reasons_are_told_once():
    got = read_of(some("unsure", "blurred"), some("unsure", "blurred"), some("unsure", "cut off"))
    assert got.missing["hands.extra"].reason == "no hand can be counted: blurred; cut off"


def test_evidence_is_plain_json():
    import json

    evidence = read(hand("six")).evidence
    assert json.loads(json.dumps(evidence)) == evidence
    assert set(evidence["hands"][0]) >= {"box", "tips", "fingers", "probability", "reason"}


def test_registered_without_options_and_with_its_weights():
    scorer = plugins.make("scorer", "hands")
    assert scorer == Hands() and options(scorer) == {}
    assert weights(scorer) == ("hand_palm", "hand_landmark", "hand_count")


def test_all_hands_of_a_batch_go_through_each_net_together(monkeypatch):
    asked = []

    def counted(ask):
        def called(name, batch, *more):
            asked.append((name, len(batch)))
            return ask(name, batch, *more)

        return called

    for ask in (session.run, session.likely):
        monkeypatch.setattr(session, ask.__name__, counted(ask))
    scorer = Hands()
    load(scorer, "cpu")
    scorer.score([picture(hand("five")), picture(wall(120, 200)), picture(hand("six"))])
    assert [name for name, _ in asked] == [
        "hand_palm",
        "hand_palm",
        "hand_landmark",
        "hand_landmark",
        "hand_count",
    ]
    assert asked[-1] == ("hand_count", 8), "four views of each hand"
