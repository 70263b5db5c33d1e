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

from iqmetrics.nets.naturalness import kernels as k


def gray(rgb: Tensor) -> Tensor:
    """Rounded luma (uint8) of N x H x W x 3 uint8, as MATLAB's rgb2gray."""
    out = torch.empty(rgb.shape[:-1], dtype=torch.uint8, device=rgb.device)
    grid = (triton.cdiv(out.numel(), 1024),)
    _gray[grid](rgb.contiguous(), out, _weights("gray", rgb.device), out.numel(), SIZE=1024)
    return out


def mscn(image: Tensor, zero: bool) -> Tensor:
    """MSCN coefficients (float64); outside the image stands zero, else the nearest pixel."""
    n, height, width = image.shape
    image, window = image.contiguous(), _weights("window", image.device)
    mean, energy, out = torch.empty((3, *image.shape), dtype=torch.float64, device=image.device)
    grid = (triton.cdiv(width, 64), triton.cdiv(height, 8), n)
    _down[grid](image, mean, energy, window, height, width, zero, ROWS=8, COLS=64)
    planes = (image, mean, energy, out)
    _across[grid](*planes, window, height, width, zero, k.RESIDUE, ROWS=8, COLS=64)
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
    share = 96
    chunks = triton.cdiv(block[0], share)
    out = torch.empty((n, rows, columns, chunks, 5, 5), dtype=torch.float64, device=field.device)
    grid = (n * rows * columns, chunks, 5)
    size = (height, width, rows, columns, *block)
    _tally[grid](field.contiguous(), out, *size, share, ROWS=8, COLS=128)
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


@triton.jit
def _gray(rgb, out, weights, n, SIZE: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * SIZE + tl.arange(0, SIZE)
    inside = at < n
    red = tl.load(rgb + 3 * at, inside, 0).to(tl.float64)
    green = tl.load(rgb + 3 * at + 1, inside, 0).to(tl.float64)
    blue = tl.load(rgb + 3 * at + 2, inside, 0).to(tl.float64)
    y = red * tl.load(weights) + green * tl.load(weights + 1) + blue * tl.load(weights + 2)
    tl.store(out + at, (y + 0.5).to(tl.int32).to(tl.uint8), inside)


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
    ROWS: tl.constexpr,
    COLS: tl.constexpr,
):
    start = tl.program_id(2).to(tl.int64) * height * width
    y = tl.program_id(1) * ROWS + tl.arange(0, ROWS)[:, None]
    x = tl.program_id(0) * COLS + tl.arange(0, COLS)[None, :]
    inside = (y < height) & (x < width)
    mu = tl.zeros((ROWS, COLS), tl.float64)
    square = tl.zeros((ROWS, COLS), tl.float64)
    for j in tl.static_range(7):
        xx = x + (j - 3)
        seen = inside
        if zero:
            seen = inside & (xx >= 0) & (xx < width)
        at = start + y * width + tl.minimum(tl.maximum(xx, 0), width - 1)
        weight = tl.load(window + j)
        mu += weight * tl.load(mean + at, seen, 0.0)
        square += weight * tl.load(energy + at, seen, 0.0)
    at = start + y * width + x
    centre = tl.load(image + at, inside, 0).to(tl.float64)
    value = (centre - mu) / (tl.sqrt(tl.abs(square - mu * mu)) + 1.0)
    tl.store(out + at, tl.where(tl.abs(value) >= residue, value, 0.0), inside)


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
    ROWS: tl.constexpr,
    COLS: tl.constexpr,
):
    block, chunk, pair = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    n = (block // (rows * columns)).to(tl.int64)
    top = (block // columns) % rows * block_h
    left = block % columns * block_w
    start = n * height * width + top * width + left
    up = tl.where(pair >= 2, 1, 0)
    aside = tl.where(pair == 4, 1, tl.where(pair == 2, 0, -1))
    lefts = tl.zeros((ROWS, COLS), tl.float64)
    rights = tl.zeros((ROWS, COLS), tl.float64)
    left_square = tl.zeros((ROWS, COLS), tl.float64)
    right_square = tl.zeros((ROWS, COLS), tl.float64)
    absolute = tl.zeros((ROWS, COLS), tl.float64)
    end = tl.minimum((chunk + 1) * share, block_h)
    for y0 in range(chunk * share, end, ROWS):
        y = y0 + tl.arange(0, ROWS)[:, None]
        other_y = tl.where(y >= up, y - up, y - up + block_h)
        for x0 in range(0, block_w, COLS):
            x = x0 + tl.arange(0, COLS)[None, :]
            inside = (y < end) & (x < block_w)
            other_x = x + aside
            other_x = tl.where(other_x < 0, other_x + block_w, other_x)
            other_x = tl.where(other_x >= block_w, other_x - block_w, other_x)
            v = tl.load(field + start + y * width + x, inside, 0.0)
            other = tl.load(field + start + other_y * width + other_x, inside & (pair > 0), 1.0)
            v = v * other
            low, high = tl.minimum(v, 0.0), tl.maximum(v, 0.0)
            lefts += tl.where(v < 0.0, 1.0, 0.0)
            rights += tl.where(v > 0.0, 1.0, 0.0)
            left_square += low * low
            right_square += high * high
            absolute += high - low
    at = out + ((block.to(tl.int64) * tl.num_programs(1) + chunk) * 5 + pair) * 5
    tl.store(at, tl.sum(tl.sum(lefts, 1), 0))
    tl.store(at + 1, tl.sum(tl.sum(left_square, 1), 0))
    tl.store(at + 2, tl.sum(tl.sum(rights, 1), 0))
    tl.store(at + 3, tl.sum(tl.sum(right_square, 1), 0))
    tl.store(at + 4, tl.sum(tl.sum(absolute, 1), 0))
