"""Spare planes: the same memory again for the same thread and place, never for another."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from iqmetrics.nets.look import spare


def where(array):
    return array.__array_interface__["data"][0]


def test_a_thread_gets_its_plane_again_in_another_shape_and_type():
    first = spare.plane(0, (40, 50), np.float32)
    again = spare.plane(0, (30, 7), np.int32)
    assert first.shape == (40, 50) and first.dtype == np.float32 and first.flags.c_contiguous
    assert again.shape == (30, 7) and again.dtype == np.int32 and again.flags.writeable
    assert where(first) == where(again)


def test_planes_of_two_places_or_threads_are_apart():
    first, second = (spare.plane(place, (64, 64), np.float32) for place in range(spare.PLACES))
    with ThreadPoolExecutor(1) as pool:
        third = pool.submit(spare.plane, 0, (64, 64), np.float32).result()
    for number, some in enumerate((first, second, third)):
        some[:] = number
    assert (first == 0).all() and (second == 1).all() and (third == 2).all()


def test_a_larger_plane_replaces_the_kept_one_and_too_large_ones_are_not_kept():
    small, large = (spare.plane(1, (side, side), np.uint8) for side in (128, 256))
    assert large.shape == (256, 256)
    assert where(spare.plane(1, (128, 128), np.uint8)) == where(large)
    huge = spare.plane(1, (spare.MOST + 1,), np.uint8)
    assert huge.size == spare.MOST + 1
    assert where(spare.plane(1, (128, 128), np.uint8)) == where(large) != where(huge)
    assert small.shape == (128, 128)


def test_a_plane_may_be_empty():
    assert spare.plane(0, (0, 5), np.float32).shape == (0, 5)
