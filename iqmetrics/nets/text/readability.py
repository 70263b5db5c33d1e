"""How well a target can be read off its crop: its CTC likelihood, and how sound its strokes are.

The recogniser "repairs" melted letters and stays sure of wrong ones; forcing it to say the target
on a slightly slanted crop does not let it. What it forgives, `strokes` sees.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import Levenshtein

from iqmetrics.nets.text.normal import alike, kept_positions, letters

if TYPE_CHECKING:
    from numpy.typing import NDArray

TINY = 1e-12
UNDAMAGED = (0.75, 0.9)
"""Mean likelihood a letter from which undamaged lettering of any style starts, and what it reads
as: script fonts begin there, and plain ones crowd near 1."""
UNDAMAGED_STROKES, DISSOLVED = (0.45, 0.9), 0.85
"""Unsoundness that undamaged lettering may have, and what it reads as there; where none is."""
STROKES = 0.3
"""Weight of sound strokes in readability."""
SLANT = 5.0
"""Degrees that a crop is slanted before the target's likelihood is taken."""


def ctc_likelihood(answer: "NDArray[np.float32]", classes: Sequence[int]) -> float:
    """exp(-CTC loss / length): the likelihood a letter (0..1) that the net says exactly `classes`.

    Forward algorithm of Graves et al. 2006 in log space; `answer` (steps, classes) holds
    probabilities, class 0 is the blank. 0 when the answer is too short for the string.
    """
    if not classes:
        return 0.0
    states = np.zeros(2 * len(classes) + 1, int)
    states[1::2] = classes
    emitted = np.log(np.maximum(answer[:, states].astype(np.float64), TINY))
    skips = np.zeros(len(states), bool)
    skips[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    alpha = np.full(len(states), -np.inf)
    alpha[:2] = emitted[0, :2]
    for step in emitted[1:]:
        stay, one, two = alpha, np.append(-np.inf, alpha[:-1]), np.full(len(alpha), -np.inf)
        two[2:] = alpha[:-2]
        two[~skips] = -np.inf
        alpha = np.logaddexp(np.logaddexp(stay, one), two) + step
    total = np.logaddexp(alpha[-1], alpha[-2])
    return float(np.exp(total / len(classes)))


def forced(target: str, line: str) -> str:
    """The line as read, but with the letters of the target: spaces, signs and case as read.

    Example:
        >>> forced("Garden Party", "GARDEN PABTY!")
        'GARDEN PArTY!'
    """
    wanted, found, places = letters(target), letters(line), kept_positions(line)
    if len(found) != len(places) or not found:
        return target
    out, done = [], 0
    for op in Levenshtein.opcodes(alike(found), alike(wanted)):
        if op.tag == "insert":
            out.append(wanted[op.dest_start : op.dest_end])
        for step, i in enumerate(range(op.src_start, op.src_end)):
            out.append(line[done : places[i]])
            if op.tag == "equal":
                out.append(line[max(done, places[i]) : places[i] + 1])  # one sign may hold two
            elif op.tag == "replace":
                out.append(wanted[op.dest_start + step])
            done = places[i] + 1
    return "".join(out) + line[done:]


def shares(target: str, parts: Sequence[str]) -> list[str]:
    """The target cut up over the plain parts it was found in, by their best alignment."""
    wanted, joined = letters(target), "".join(parts)
    ends, total = [], 0
    for part in parts[:-1]:
        total += len(part)
        ends.append(total)
    cuts = [0]
    ops = Levenshtein.opcodes(alike(joined), alike(wanted))
    for end in ends:
        op = next(o for o in ops if o.src_start < end <= o.src_end)
        cuts.append(min(op.dest_start + end - op.src_start, op.dest_end))
    cuts.append(len(wanted))
    return [wanted[a:b] for a, b in pairwise(cuts)]


def scaled(likelihood: float) -> float:
    """Readability, 0..1, of a mean likelihood a letter: two straight pieces that meet there."""
    start, reads = UNDAMAGED
    likelihood = min(1.0, max(0.0, likelihood))
    if likelihood < start:
        return reads * likelihood / start
    return reads + (1 - reads) * (likelihood - start) / (1 - start)


def sound(unsoundness: float) -> float:
    """Readability, 0..1, of strokes so unsound: slowly down to .9, then fast to 0."""
    end, reads = UNDAMAGED_STROKES
    if unsoundness < end:
        return 1 - (1 - reads) * unsoundness / end
    return reads * max(0.0, DISSOLVED - unsoundness) / (DISSOLVED - end)


def readability(likelihood: float, unsoundness: float) -> float:
    """Both views, 0..1; strokes weigh less: small print in perspective looks unsound to the net."""
    return (1 - STROKES) * scaled(likelihood) + STROKES * sound(unsoundness)
