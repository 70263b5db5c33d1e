"""Weights of eight bits: known numbers, half a step at most, small things untouched."""

import numpy as np
import pytest

from iqmetrics.demo import pipeline
from iqmetrics.demo.eight_bits import LARGE, pack, unpack


def matrix(seed: int, *shape: int) -> np.ndarray:
    """By chance, its rows of very unlike size, one of them nothing but zeros."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.uniform(-4, 1, (shape[0], *[1] * (len(shape) - 1)))
    sizes[1] = 0
    return (rng.standard_normal(shape) * sizes).astype(np.float16)


def test_known_numbers() -> None:
    whole = np.zeros((2, LARGE // 2), np.float16)
    whole[0, :4] = 127, -127, 1, 2.6
    whole[1, :4] = 0.5, -0.25, 0.001, 0.003
    packed = pack({"a": whole})
    assert set(packed) == {"a", "a.steps"} and packed["a"].dtype == np.int8
    assert packed["a"][:, :5].tolist() == [[127, -127, 1, 3, 0], [127, -64, 0, 1, 0]]
    assert packed["a.steps"] == pytest.approx([1, 0.5 / 127])
    assert unpack(packed)["a"][0, :4].tolist() == [127, -127, 1, 3]


@pytest.mark.parametrize("shape", [(64, 64), (8, 32, 4, 4), (3, 9000)])
def test_each_value_comes_back_within_half_a_step_of_its_row(shape: tuple[int, ...]) -> None:
    """Beside half a step only the rounding of float16 itself, 2**-11 of the value."""
    value = matrix(len(shape), *shape)
    back = unpack(pack({"a": value}))["a"]
    assert back.shape == value.shape and back.dtype == np.float16
    was, now = (x.astype(float).reshape(len(x), -1) for x in (value, back))
    step = np.abs(was).max(1, keepdims=True) / 127
    error, rounding = np.abs(now - was), (np.abs(was) + step) * 2**-11 + 2**-25
    assert (error <= step / 2 + rounding).all()
    assert (error.max(1) > 0).sum() == len(was) - 1, "all but the row of zeros"


def test_a_matrix_of_steps_comes_back_to_the_last_bit() -> None:
    """Packing what was unpacked changes nothing: the same file again and again."""
    packed = pack({"a": matrix(5, 64, 64)})
    again = pack(unpack(packed))
    assert np.array_equal(again["a"], packed["a"])


def test_vectors_and_small_matrices_stay_as_they_are() -> None:
    kept = {"norm": np.ones(2 * LARGE, np.float16), "first": matrix(1, 48, 4, 3, 3)}
    packed = pack(kept)
    assert list(packed) == list(kept)
    assert all(packed[name] is kept[name] is unpack(packed)[name] for name in kept)


@pytest.mark.parametrize("version", pipeline.VERSIONS)
def test_the_shipped_checkpoints_are_packed(version: str) -> None:
    from safetensors.numpy import load_file

    stored = load_file(pipeline.shelf("tiny_t2i") / f"{version}.safetensors")
    large = {name for name, value in stored.items() if value.ndim > 1 and value.size >= LARGE}
    assert large and all(stored[name].dtype == np.int8 for name in large)
    assert all(unpack(stored)[name].dtype == np.float16 for name in stored if name in large)
    first = stored["conv_in.weight"]
    assert first.dtype == np.float16 and first.shape == (48, 4, 3, 3)
