import numpy as np
import pytest

from iqmetrics.nets.onnx_torch.shapes import OPERATORS, reshaped


def run(kind, *values, **attributes):
    return OPERATORS[kind](values, attributes)


def test_slices_by_attributes_and_by_inputs():
    shape = np.array([2, 3, 48, 320])
    assert run("Slice", shape, starts=[1], ends=[3]).tolist() == [3, 48]
    assert run("Slice", shape, np.array([-2]), np.array([9]), np.array([0])).tolist() == [48, 320]
    back = run("Slice", shape, np.array([-1]), np.array([-99]), np.array([0]), np.array([-1]))
    assert back.tolist() == [320, 48, 3, 2], "reversed, as exporters of padding write it"


def test_axes_come_and_go():
    assert run("Unsqueeze", np.array(7), axes=[0]).shape == (1,)
    assert run("Unsqueeze", np.array(7), np.array([0])).shape == (1,)
    assert run("Squeeze", np.zeros((1, 3)), axes=[0]).shape == (3,)
    assert run("Squeeze", np.zeros((1, 3, 1))).shape == (3,)


def test_shapes_are_put_together():
    one = run("Concat", np.array([1, 2]), np.array([-1]), axis=0)
    assert one.tolist() == [1, 2, -1]
    assert run("Gather", np.array([5, 6, 7]), np.array(1)).item() == 6
    assert run("ConstantOfShape", np.array([3]), value=np.array([0])).tolist() == [0, 0, 0]
    assert run("Reshape", np.arange(6), np.array([2, -1])).shape == (2, 3)
    assert run("Transpose", np.zeros((1, 2, 3)), perm=[2, 0, 1]).shape == (3, 1, 2)


def test_numbers():
    assert run("Add", np.array([1]), np.array([2])).tolist() == [3]
    assert run("Sub", np.array([1]), np.array([2])).tolist() == [-1]
    assert run("Mul", np.array([3]), np.array([2])).tolist() == [6]
    assert run("Neg", np.array([3])).tolist() == [-3]


@pytest.mark.parametrize(("to", "kind"), [(1, np.float32), (7, np.int64), (10, np.float32)])
def test_half_precision_is_never_made_here(to, kind):
    assert run("Cast", np.array([1.5]), to=to).dtype == kind


def test_zero_keeps_a_side():
    assert reshaped((2, 3, 4), [0, -1]) == [2, -1]
    assert reshaped((2, 3, 4), [6, 4]) == [6, 4]
