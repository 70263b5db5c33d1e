"""Chooses the thresholds of the hand verdicts on half of the hands.

For each class, of a grid of thresholds those that give most right verdicts, where at most 1 % of
the class's verdicts are wrong, no closed hand is called wrong and at most one untouched open one;
of equals the strictest. Folded renders are left out: the net that judges them has seen no such
render, the shipped one has. The floors of "missing" are not from these hands: in generated pictures
fingers overlap and fold in ways that neither maker makes (hands judged by eye, eyes_hands.csv).
"""

from itertools import product

import numpy as np
from hands_answers import Answers, Row

from iqmetrics.nets.hands import count as counting

COUNTABLE = (0.5, 0.6, 0.7, 0.8, 0.9)
SURE = (0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
VIEWS = (1, 2, 3)
ALONE = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
MOST_WRONG = 0.01
MOST_SLANDERED = {"normal": 1, "closed": 0}
FLOORS = {"missing": counting.Rule(0.8, 0.9, 1, 0.7)}
LEFT_OUT = ("render_folded",)


def facts(row: Row) -> tuple[int, float, float, float, int]:
    """Likeliest class, its probability, that of the class alone, countable, views that agree."""
    seen = counting.tops(row.answer.maps)
    classes = counting.weighed(row.answer, seen)
    which = int(classes.argmax())
    agree = sum(counting.group(len(counting.peaks(one))) == which for one in seen)
    alone, countable = row.answer.count.mean(0)[which], row.answer.state.mean(0)[0]
    return which, float(classes[which]), float(alone), float(countable), agree


def choose(
    answers: Answers, truth: dict[str, int], half: int = 0
) -> dict[counting.Verdict, counting.Rule]:
    """The rule of each class from the hands of one half; truth is the class by set (-1: none)."""
    rows, sets = [], []
    for name, some in answers.items():
        mine = [(*facts(r), truth[name]) for r in some if r.half == half and name not in LEFT_OUT]
        rows += mine
        sets += [name] * len(mine)
    table, named = np.array(rows, float), np.array(sets)
    found = zip(counting.CLASSES, (best(table, named, k) for k in range(3)), strict=True)
    return dict(found)


def best(table: np.ndarray, named: np.ndarray, k: int) -> counting.Rule:
    """The rule of class k from rows of facts and truth (n x 6) and the set of each row."""
    mine = table[:, 0] == k
    floor = FLOORS.get(counting.CLASSES[k], counting.Rule(0.0, 0.0, 0, 0.0))
    sure, alone, countable, agree, true = table[mine, 1:].T
    named = named[mine]
    found: tuple[int, float, float, float, int] | None = None
    for s, a, c, v in product(SURE, ALONE, COUNTABLE, VIEWS):
        if s < floor.sure or a < floor.alone or c < floor.countable or v < floor.views:
            continue
        given = (countable >= c) & (sure >= s) & (agree >= v) & (alone >= a)
        right, total = int((given & (true == k)).sum()), int(given.sum())
        slander = {n: int((given & (named == n)).sum()) for n in MOST_SLANDERED}
        fair = k == 1 or all(slander[n] <= most for n, most in MOST_SLANDERED.items())
        if total - right <= MOST_WRONG * total and fair:
            found = max(found or (-1, 0.0, 0.0, 0.0, 0), (right, s, c, a, v))
    if found is None:
        raise ValueError(f"no thresholds keep {counting.CLASSES[k]} right often enough")
    _, s, c, a, v = found
    return counting.Rule(c, s, v, a)
