"""The counter: peaks, the rule of verdicts on made-up answers, and known hands."""

import numpy as np
import pytest
from nets.hands.rendered import hand, placed

from iqmetrics.nets.hands import count as counting
from iqmetrics.nets.hands.count import Answer, count, judge, peaks
from iqmetrics.nets.hands.find import find
from iqmetrics.nets.hands.region import Region

MIDDLE = Region(112.0, 112.0, 224.0, 0.0)
SHAPE = (224, 224)


def spots(n):
    """A map with n separate tips."""
    tips = np.zeros((56, 56), np.float32)
    for k in range(n):
        tips[10 + 6 * (k % 3), 8 + 6 * k] = 0.9
    return tips


def top(tips):
    """The maxima of one map."""
    return counting.tops(tips[None])[0]


def answer(tips, classes, countable=0.95, kind=1):
    """Four equal views (or views with the tips given one by one)."""
    tips = tips if isinstance(tips, list) else [tips] * 4
    state = np.zeros(4, np.float32)
    state[0], state[kind] = countable, 1 - countable
    maps = np.stack([spots(n) for n in tips])
    return Answer(maps, np.tile(state, (4, 1)), np.tile(np.float32(classes), (4, 1)))


def test_peaks_are_separate_maxima_above_the_floor():
    tips = spots(3)
    tips[40, 40], tips[40, 41] = 0.8, 0.7  # one tip, two cells
    tips[50, 50] = counting.PEAK - 0.01
    found = peaks(top(tips))
    assert len(found) == 4
    assert [40, 40] in found.tolist()


@pytest.mark.parametrize("n", range(8))
def test_any_number_of_peaks(n):
    assert len(peaks(top(spots(n)))) == n


def test_peaks_at_the_border_count():
    tips = np.zeros((56, 56), np.float32)
    tips[0, 0] = tips[55, 55] = 0.9
    assert len(peaks(top(tips))) == 2


@pytest.mark.parametrize(
    ("tips", "classes", "verdict"),
    [
        (5, (0.02, 0.95, 0.03), "normal"),
        (6, (0.0, 0.05, 0.95), "extra"),
        (7, (0.0, 0.02, 0.98), "extra"),
        (4, (0.97, 0.03, 0.0), "missing"),
        (3, (0.97, 0.03, 0.0), "missing"),
    ],
)
def test_agreeing_views_give_a_verdict(tips, classes, verdict):
    judged = judge(answer(tips, classes), MIDDLE, SHAPE)
    assert (judged.verdict, judged.fingers, judged.reason) == (verdict, tips, "")
    assert max(classes) < judged.probability <= 1


@pytest.mark.parametrize("classes", [(0.0, 0.02, 0.98), (0.98, 0.02, 0.0)])
def test_a_flag_is_never_given_against_the_fingertips(classes):
    judged = judge(answer(5, classes), MIDDLE, SHAPE)
    assert judged.verdict == "unsure" and "unsure: normal" in judged.reason


@pytest.mark.parametrize("tips", [4, 6])
def test_nor_against_the_class(tips):
    assert judge(answer(tips, (0.005, 0.99, 0.005)), MIDDLE, SHAPE).verdict in ("normal", "unsure")


def test_one_view_with_six_tips_is_not_enough_for_a_doubtful_class():
    assert judge(answer([6, 6, 5, 5], (0.0, 0.05, 0.95)), MIDDLE, SHAPE).verdict == "extra"
    assert judge(answer([6, 5, 5, 5], (0.0, 0.3, 0.7)), MIDDLE, SHAPE).verdict == "unsure"


def test_a_sure_class_still_needs_views_that_show_it():
    judged = judge(answer([5, 4, 4, 6], (0.0, 1.0, 0.0)), MIDDLE, SHAPE)
    assert judged.verdict == "unsure" and "disagree" in judged.reason


def test_a_doubtful_class_needs_clear_tips_and_doubtful_tips_a_sure_class():
    assert judge(answer(6, (0.0, 0.45, 0.55)), MIDDLE, SHAPE).verdict == "extra"
    assert judge(answer([6, 6, 5, 5], (0.0, 0.05, 0.95)), MIDDLE, SHAPE).verdict == "extra"
    both = judge(answer([6, 6, 5, 5], (0.0, 0.6, 0.4)), MIDDLE, SHAPE)
    assert both.verdict == "unsure" and "class unsure" in both.reason


def test_no_finger_is_missed_on_the_word_of_the_fingertips_alone():
    """Overlapping fingers hide a tip: the map is sure of four, the class must be so as well."""
    judged = judge(answer(4, (0.6, 0.39, 0.01)), MIDDLE, SHAPE)
    assert judged.verdict == "unsure" and "0.60 without the fingertips" in judged.reason
    assert judged.probability > counting.RULES["missing"].sure
    assert judge(answer(4, (0.9, 0.09, 0.01)), MIDDLE, SHAPE).verdict == "missing"


@pytest.mark.parametrize("name", counting.CLASSES)
def test_every_threshold_of_a_verdict_is_needed(name):
    rule, k = counting.RULES[name], counting.CLASSES.index(name)
    tips, classes = (4, 5, 6)[k], [0.005, 0.005, 0.005]
    classes[k] = 0.99
    assert judge(answer(tips, classes), MIDDLE, SHAPE).verdict == name
    assert judge(answer(tips, classes, rule.countable - 0.01), MIDDLE, SHAPE).verdict == "unsure"
    few = [tips] * (rule.views - 1) + [(5, 4, 5)[k]] * (5 - rule.views)
    assert judge(answer(few, classes), MIDDLE, SHAPE).verdict == "unsure"


def plain_maxima(tips, floor):
    """Cell by cell what `tops` does with whole arrays."""
    found = []
    for y in range(tips.shape[0]):
        for x in range(tips.shape[1]):
            around = tips[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
            if tips[y, x] > floor and tips[y, x] == around.max():
                found.append([x, y])
    return found


@pytest.mark.parametrize("shape", [(56, 56), (7, 12), (3, 4)])
def test_maxima_are_those_found_cell_by_cell(shape):
    maps = np.random.default_rng(3).random((3, *shape), np.float32)
    maps[0, 0, 0] = maps[0, 0, 1] = 2.0  # a plateau is two maxima
    maps[1] = 0.0
    found = counting.tops(maps, 0.3)
    for (cells, heights), tips in zip(found, maps, strict=True):
        assert cells.tolist() == plain_maxima(tips, 0.3)
        assert heights.tolist() == [tips[y, x] for x, y in cells]
    assert [0, 0] in found[0].cells.tolist() and [1, 0] in found[0].cells.tolist()


def test_a_tally_of_sure_and_faint_tips():
    tips = spots(4)
    assert counting.tally(top(tips)) == pytest.approx([1, 0, 0], abs=2e-2)
    tips[40, 10] = tips[50, 30] = counting.PEAK + 1e-4  # each a tip or not, evenly
    assert counting.tally(top(tips)) == pytest.approx([0.25, 0.5, 0.25], abs=1e-2)
    assert counting.tally(top(spots(8))) == pytest.approx([0, 0, 1], abs=1e-2)
    assert counting.tally(top(np.zeros((56, 56), np.float32))) == pytest.approx([1, 0, 0])


def test_two_witnesses_are_multiplied():
    both = answer([6, 6, 5, 5], (0.1, 0.3, 0.6))
    weighed = counting.weighed(both, counting.tops(both.maps))
    assert weighed.sum() == pytest.approx(1)
    assert weighed[2] / weighed[1] == pytest.approx(2, abs=0.05)  # the maps say half and half


def test_no_finger_is_missed_on_few_pixels():
    small = Region(112.0, 112.0, counting.FINE - 2, 0.0)
    judged = judge(answer(4, (0.99, 0.01, 0.0)), small, SHAPE)
    assert judged.verdict == "unsure" and "too small" in judged.reason
    assert judge(answer(5, (0.01, 0.98, 0.01)), small, SHAPE).verdict == "normal"


@pytest.mark.parametrize(("kind", "word"), [(1, "closed"), (2, "hidden"), (3, "not surely a hand")])
def test_what_cannot_be_counted_says_why(kind, word):
    judged = judge(answer(4, (0.99, 0.01, 0.0), 0.2, kind), MIDDLE, SHAPE)
    assert judged.verdict == "unsure" and word in judged.reason


def test_missing_needs_a_surer_countable_than_normal():
    assert judge(answer(5, (0.02, 0.96, 0.02), 0.6), MIDDLE, SHAPE).verdict == "normal"
    assert judge(answer(4, (0.96, 0.02, 0.02), 0.6), MIDDLE, SHAPE).verdict == "unsure"


def test_a_region_over_the_edge_is_cut_off():
    judged = judge(answer(4, (0.99, 0.01, 0)), Region(20.0, 112.0, 224.0, 0.0), SHAPE)
    assert judged.reason == "cut off by the frame"


def test_tips_come_back_in_image_pixels():
    judged = judge(answer(5, (0, 1, 0)), Region(500.0, 300.0, 448.0, 0.0), (900, 900))
    x, y = judged.tips[0]
    assert (x, y) == pytest.approx((500 - 224 + 2 * 33.5, 300 - 224 + 2 * 41.5))


def test_the_tips_shown_are_those_of_a_view_that_agrees():
    judged = judge(answer([6, 5, 5, 5], (0.0, 1.0, 0.0)), MIDDLE, SHAPE)
    assert (judged.verdict, judged.fingers) == ("normal", 5)
    x, y = judged.tips[0]  # of the mirrored view
    assert (x, y) == pytest.approx((223 - 33.5, 41.5))


def test_every_view_places_a_tip_where_it_was():
    pixels = np.zeros((300, 300, 3), np.uint8)
    pixels[95:106, 125:136] = 255  # a blob at (130, 100)
    region = Region(150.0, 140.0, 224.0, 0.3)
    for k, view in enumerate(counting.views(pixels, region)):
        y, x = np.argwhere(view[..., 0] > 0.5).mean(0)
        cell = np.array([[(x - 1.5) / 4, (y - 1.5) / 4]])
        assert counting.place(cell, k, region)[0] == pytest.approx([130, 100], abs=1.0)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("five", "normal"), ("six", "extra"), ("four", "missing"), ("fist", "unsure")],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_known_hands(name, verdict, mirrored):
    pixels = np.ascontiguousarray(hand(name)[:, ::-1]) if mirrored else hand(name)
    judged = count(pixels, find(pixels))
    assert [c.verdict for c in judged] == [verdict]


def test_the_tips_of_a_five_lie_above_its_knuckles():
    pixels = hand("five")
    found = find(pixels)
    tips = count(pixels, found)[0].tips
    assert len(tips) == 5
    assert min(y for _, y in tips) < found[0].points[9][1]


def test_a_tiny_hand_is_too_small_and_says_its_size():
    pixels = placed("five", 200, 200, 60, 60, 80)
    hands = find(pixels, presence=0.0)[:1]
    assert hands and hands[0].size < counting.MIN_SIZE * 1.8
    small = counting.too_small(hands[0])
    assert small.verdict == "unsure" and f"{hands[0].size:.0f} px" in small.reason


def test_no_hands_no_counts():
    assert count(hand("five"), []) == []
