# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The kernel of `png_filters`: a program a picture, a lane a row, each a step behind the one above.

A pixel needs its left neighbour and two of the row above, so a row may begin when the one above it
is a few pixels ahead. A step is four pixels, or three words of memory, of every row that has begun
and not ended. That are as many rows as a row has steps: a lane that has ended one takes up the one
so many below it.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn

WORD = 4
"""Bytes."""
STEP = 12
"""Bytes of a row that a step makes: four pixels."""


def room(size: int) -> int:
    """Bytes that rows of `size` bytes need here: whole words, and one that is read too much."""
    return (size + WORD - 1) // WORD * WORD + WORD


def undo(lines: Tensor, height: int, width: int) -> Tensor:
    """Pixels, n x height x width x 3 bytes, of n pictures' rows.

    Args:
        lines: n x `room` bytes: rows of a filter's number and 3 x width bytes, without gaps.
        height: of the pictures.
        width: of the pictures, a multiple of four.
    """
    out = torch.empty((len(lines), height, width, 3), dtype=torch.uint8, device=lines.device)
    steps = 3 * width // STEP
    lanes = triton.next_power_of_2(steps)
    words, pixels = lines.view(torch.int32), out.view(len(lines), -1).view(torch.int32)
    sizes = words.shape[1], height, steps
    warps = max(1, min(16, lanes // 32))
    _undo[(len(lines),)](words, pixels, *sizes, LANES=lanes, num_warps=warps)
    return out


@in_turn
@triton.jit(do_not_specialize=("words", "height", "steps"))
def _undo(lines, out, words, height, steps, LANES: tl.constexpr):
    picture = tl.program_id(0).to(tl.int64)
    lines += picture * words
    out += picture * height * steps * 3
    lane = tl.arange(0, LANES)
    above = (lane + LANES - 1) % LANES
    a, b, c, corner = lane * 0, lane * 0, lane * 0, lane * 0
    kind, ahead = lane * 0, lane * 0
    for step in range(height + steps - 1):
        begun = step - lane
        at = begun % LANES
        row = step - at
        there = (begun >= 0) & (at < steps) & (row < height)
        first = there & (at == 0)
        start = row * (12 * steps + 1)
        seen = lines + (start + 1) // 4 + 3 * at
        shift = (start + 1) % 4 * 8
        head = tl.load(lines + start // 4, first, 0)
        kind = tl.where(first, (head >> (start % 4 * 8)) & 255, kind)
        ahead = tl.where(first, tl.load(seen, first, 0), ahead)
        w1 = tl.load(seen + 1, there, 0)
        w2 = tl.load(seen + 2, there, 0)
        w3 = tl.load(seen + 3, there, 0)
        x = _joined(ahead, w1, shift)
        y = _joined(w1, w2, shift)
        z = _joined(w2, w3, shift)
        ahead = w3
        u = tl.where(row > 0, tl.gather(a, above, 0), 0)
        v = tl.where(row > 0, tl.gather(b, above, 0), 0)
        w = tl.where(row > 0, tl.gather(c, above, 0), 0)
        left = tl.where(at > 0, c, 0)
        corner = tl.where(at > 0, corner, 0)
        r0 = _byte(x, 0, _part(left, 1), _part(u, 0), _part(corner, 1), kind)
        g0 = _byte(x, 1, _part(left, 2), _part(u, 1), _part(corner, 2), kind)
        b0 = _byte(x, 2, _part(left, 3), _part(u, 2), _part(corner, 3), kind)
        r1 = _byte(x, 3, r0, _part(u, 3), _part(u, 0), kind)
        g1 = _byte(y, 0, g0, _part(v, 0), _part(u, 1), kind)
        b1 = _byte(y, 1, b0, _part(v, 1), _part(u, 2), kind)
        r2 = _byte(y, 2, r1, _part(v, 2), _part(u, 3), kind)
        g2 = _byte(y, 3, g1, _part(v, 3), _part(v, 0), kind)
        b2 = _byte(z, 0, b1, _part(w, 0), _part(v, 1), kind)
        r3 = _byte(z, 1, r2, _part(w, 1), _part(v, 2), kind)
        g3 = _byte(z, 2, g2, _part(w, 2), _part(v, 3), kind)
        b3 = _byte(z, 3, b2, _part(w, 3), _part(w, 0), kind)
        corner = w
        a = r0 | (g0 << 8) | (b0 << 16) | (r1 << 24)
        b = g1 | (b1 << 8) | (r2 << 16) | (g2 << 24)
        c = b2 | (r3 << 8) | (g3 << 16) | (b3 << 24)
        to = out + (row * steps + at) * 3
        tl.store(to, a, there)
        tl.store(to + 1, b, there)
        tl.store(to + 2, c, there)


@triton.jit
def _part(word, number: tl.constexpr):
    """A byte of a word, the lowest first."""
    return (word >> (8 * number)) & 255


@triton.jit
def _joined(low, high, shift):
    """The word that begins `shift` bits into the first of two."""
    both = (high.to(tl.int64) << 32) | (low.to(tl.int64) & 0xFFFFFFFF)
    return (both >> shift.to(tl.int64)).to(tl.int32)


@triton.jit
def _byte(words, number: tl.constexpr, left, above, corner, kind):
    """A byte with its filter undone, 0..255: see `png_rows.undo` and `png_rows.paeth`."""
    bar = 3 * corner - (left + above)
    low, high = tl.minimum(left, above), tl.maximum(left, above)
    paeth = tl.where(bar <= low, high, tl.where(high <= bar, low, corner))
    mean = (left + above) >> 1
    plain = tl.where(kind == 1, left, tl.where(kind == 2, above, 0))
    guess = tl.where(kind == 4, paeth, tl.where(kind == 3, mean, plain))
    return (_part(words, number) + guess) & 255
