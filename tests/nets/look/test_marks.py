"""Places of marks: every one, in order, whatever runs they fall into."""

import numpy as np
import pytest

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look.marks import RUN, marked


@pytest.mark.parametrize("length", [0, 1, RUN - 1, RUN, RUN + 1, 5 * RUN + 3])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_marks_above_the_least_are_found_in_order(length, share):
    random = np.random.default_rng(length)
    marks = np.where(random.random(length) < share, random.integers(1, 256, length), 0)
    out = np.full(length + 1, -1, np.int32)
    find = machine_code(marked, "this test")
    for least in (0, 1, 254):
        count = find(marks.astype(np.uint8), least, 7, out)
        assert out[:count].tolist() == (7 + np.flatnonzero(marks > least)).tolist()
        assert out[-1] == -1
