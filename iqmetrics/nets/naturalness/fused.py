# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The kernels of `eager` in Triton: one pass over memory each, for CUDA.

Same functions, same numbers to about 1e-12. Weights are passed as float64 arrays, because a Python
float in a kernel may become float32.
"""

from functools import cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.naturalness import kernels as k

VALUES = 96 * 96
"""Values of a block that one program sums up, about."""


def gray(rgb: Tensor) -> Tensor:
    """Rounded luma (uint8) of N x H x W x 3 uint8, as MATLAB's rgb2gray."""
    out = torch.empty(rgb.shape[:-1], dtype=torch.uint8, device=rgb.device)
    n, height, width = out.shape
    rgb = rgb if rgb.stride()[2:] == (3, 1) else rgb.contiguous()
    apart = rgb.stride()[:2]
    grid = (triton.cdiv(height * width, 1024), n)
    _gray[grid](rgb, out, _weights("gray", rgb.device), height, width, *apart, SIZE=1024)
    return out


def mscn(image: Tensor, zero: bool) -> Tensor:
    """MSCN coefficients (float64); outside the image stands zero, else the nearest pixel."""
    n, height, width = image.shape
    image, window = image.contiguous(), _weights("window", image.device)
    mean, energy, out = torch.empty((3, *image.shape), dtype=torch.float64, device=image.device)
    grid = (triton.cdiv(width, 64), triton.cdiv(height, 8), n)
    _down[grid](image, mean, energy, window, height, width, zero, ROWS=8, COLS=64)
    planes = (image, mean, energy, out)
    grid = (triton.cdiv(width, 256), height, n)
    _across[grid](*planes, window, height, width, zero, k.RESIDUE, COLS=256)
    return out


def half_size(image: Tensor) -> Tensor:
    """Antialiased bicubic halving (float64), mirrored at the borders."""
    n, height, width = image.shape
    shape = (n, (height + 1) // 2, (width + 1) // 2)
    out = torch.empty(shape, dtype=torch.float64, device=image.device)
    grid = (triton.cdiv(shape[2], 64), triton.cdiv(shape[1], 4), n)
    taps = _weights("half", image.device)
    _half[grid](image.contiguous(), out, taps, height, width, *shape[1:], ROWS=4, COLS=64)
    return out


def pair_sums(field: Tensor, block: tuple[int, int]) -> Tensor:
    """Sums a block as `kernels.pair_sums`: N x rows x columns x 5 maps x 5 sums."""
    n, height, width = field.shape
    rows, columns = height // block[0], width // block[1]
    share = max(1, VALUES // block[1])
    chunks = triton.cdiv(block[0], share)
    out = torch.empty((n, rows, columns, chunks, 5, 5), dtype=torch.float64, device=field.device)
    size = (height, width, rows, columns, *block)
    _tally[n * rows * columns, chunks](field.contiguous(), out, *size, share, COLS=32, num_warps=1)
    return out.sum(3)


@cache
def _weights(name: str, device: torch.device) -> Tensor:
    line = torch.tensor([k.W3, k.W2, k.W1, k.W0, k.W1, k.W2, k.W3], dtype=torch.float64)
    half = torch.tensor([k.H3, k.H2, k.H1, k.H0, k.H0, k.H1, k.H2, k.H3], dtype=torch.float64)
    made = {
        "gray": torch.tensor([k.MATLAB_R, k.MATLAB_G, k.MATLAB_B], dtype=torch.float64),
        "window": line,
        "half": torch.outer(half, half),
    }
    return made[name].contiguous().to(device)


@in_turn
@triton.jit
def _gray(rgb, out, weights, height, width, picture, line, SIZE: tl.constexpr):
    one = tl.program_id(1).to(tl.int64)
    at = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    inside = at < height * width
    pixel = rgb + one * picture + at // width * line + at % width * 3
    red = tl.load(pixel, inside, 0).to(tl.float64)
    green = tl.load(pixel + 1, inside, 0).to(tl.float64)
    blue = tl.load(pixel + 2, inside, 0).to(tl.float64)
    y = red * tl.load(weights) + green * tl.load(weights + 1) + blue * tl.load(weights + 2)
    to = out + one * height * width + at
    tl.store(to, (y + 0.5).to(tl.int32).to(tl.uint8), inside)


@in_turn
@triton.jit
def _down(
    image,
    mean,
    energy,
    window,
    height,
    width,
    zero: tl.constexpr,
    ROWS: tl.constexpr,
    COLS: tl.constexpr,
):
    start = tl.program_id(2).to(tl.int64) * height * width
    y = tl.program_id(1) * ROWS + tl.arange(0, ROWS)[:, None]
    x = tl.program_id(0) * COLS + tl.arange(0, COLS)[None, :]
    inside = (y < height) & (x < width)
    total = tl.zeros((ROWS, COLS), tl.float64)
    square = tl.zeros((ROWS, COLS), tl.float64)
    for i in tl.static_range(7):
        yy = y + (i - 3)
        seen = inside
        if zero:
            seen = inside & (yy >= 0) & (yy < height)
        yy = tl.minimum(tl.maximum(yy, 0), height - 1)
        value = tl.load(image + start + yy * width + x, seen, 0).to(tl.float64)
        weighted = tl.load(window + i) * value
        total += weighted
        square += weighted * value
    tl.store(mean + start + y * width + x, total, inside)
    tl.store(energy + start + y * width + x, square, inside)


@in_turn
@triton.jit
def _across(
    image,
    mean,
    energy,
    out,
    window,
    height,
    width,
    zero: tl.constexpr,
    residue,
    COLS: tl.constexpr,
):
    line = (tl.program_id(2).to(tl.int64) * height + tl.program_id(1)) * width
    x = tl.program_id(0) * COLS + tl.arange(0, COLS)
    inside = x < width
    mu = tl.zeros((COLS,), tl.float64)
    square = tl.zeros((COLS,), tl.float64)
    for j in tl.static_range(7):
        xx = x + (j - 3)
        seen = inside
        if zero:
            seen = inside & (xx >= 0) & (xx < width)
        at = tl.minimum(tl.maximum(xx, 0), width - 1)
        weight = tl.load(window + j)
        mu += weight * tl.load(mean + line + at, seen, 0.0)
        square += weight * tl.load(energy + line + at, seen, 0.0)
    centre = tl.load(image + line + x, inside, 0).to(tl.float64)
    value = (centre - mu) / (tl.sqrt(tl.abs(square - mu * mu)) + 1.0)
    tl.store(out + line + x, tl.where(tl.abs(value) >= residue, value, 0.0), inside)


@in_turn
@triton.jit
def _half(image, out, taps, height, width, rows, cols, ROWS: tl.constexpr, COLS: tl.constexpr):
    n = tl.program_id(2).to(tl.int64)
    y = tl.program_id(1) * ROWS + tl.arange(0, ROWS)[:, None]
    x = tl.program_id(0) * COLS + tl.arange(0, COLS)[None, :]
    inside = (y < rows) & (x < cols)
    total = tl.zeros((ROWS, COLS), tl.float64)
    for i in tl.static_range(8):
        for j in tl.static_range(8):
            yy, xx = 2 * y + (i - 3), 2 * x + (j - 3)
            yy = tl.where(yy < 0, -1 - yy, yy)
            xx = tl.where(xx < 0, -1 - xx, xx)
            yy = tl.where(yy >= height, 2 * height - 1 - yy, yy)
            xx = tl.where(xx >= width, 2 * width - 1 - xx, xx)
            value = tl.load(image + n * height * width + yy * width + xx, inside, 0)
            total += tl.load(taps + (i * 8 + j)) * value.to(tl.float64)
    tl.store(out + n * rows * cols + y * cols + x, total, inside)


@in_turn
@triton.jit
def _tally(
    field,
    out,
    height,
    width,
    rows,
    columns,
    block_h,
    block_w,
    share,
    COLS: tl.constexpr,
):
    block, chunk = tl.program_id(0), tl.program_id(1)
    n = (block // (rows * columns)).to(tl.int64)
    top = (block // columns) % rows * block_h
    field += (n * height + top) * width + block % columns * block_w
    alone, beside, above, before, after = (
        _none(COLS), _none(COLS), _none(COLS), _none(COLS), _none(COLS),
    )  # fmt: skip
    for y in range(chunk * share, tl.minimum((chunk + 1) * share, block_h)):
        line = field + y * width
        upper = field + tl.where(y > 0, y - 1, block_h - 1) * width
        for x0 in range(0, block_w, COLS):
            x = x0 + tl.arange(0, COLS)
            inside = x < block_w
            left = tl.where(x > 0, x - 1, block_w - 1)
            right = tl.where(x + 1 < block_w, x + 1, 0)
            v = tl.load(line + x, inside, 0.0)
            alone = _more(alone, v)
            beside = _more(beside, v * tl.load(line + left, inside, 0.0))
            above = _more(above, v * tl.load(upper + x, inside, 0.0))
            before = _more(before, v * tl.load(upper + left, inside, 0.0))
            after = _more(after, v * tl.load(upper + right, inside, 0.0))
    at = out + (block.to(tl.int64) * tl.num_programs(1) + chunk) * 25
    _write(at, alone)
    _write(at + 5, beside)
    _write(at + 10, above)
    _write(at + 15, before)
    _write(at + 20, after)


@triton.jit
def _none(COLS: tl.constexpr):
    count, total = tl.zeros((COLS,), tl.int32), tl.zeros((COLS,), tl.float64)
    return count, total, count, total, total


@triton.jit
def _more(sums, v):
    low, high = tl.minimum(v, 0.0), tl.maximum(v, 0.0)
    return (
        sums[0] + (v < 0.0).to(tl.int32),
        sums[1] + low * low,
        sums[2] + (v > 0.0).to(tl.int32),
        sums[3] + high * high,
        sums[4] + (high - low),
    )


@triton.jit
def _write(at, sums):
    tl.store(at, tl.sum(sums[0], 0).to(tl.float64))
    tl.store(at + 1, tl.sum(sums[1], 0))
    tl.store(at + 2, tl.sum(sums[2], 0).to(tl.float64))
    tl.store(at + 3, tl.sum(sums[3], 0))
    tl.store(at + 4, tl.sum(sums[4], 0))
