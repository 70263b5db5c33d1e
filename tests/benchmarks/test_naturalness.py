"""The figures of the validity study of niqe, brisque and piqe."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from naturalness_pictures import noise

FILE = Path(__file__).parents[2] / "benchmarks" / "validity" / "naturalness.py"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validity_naturalness", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rank_is_spearmans(study: ModuleType) -> None:
    assert study.rank([1.0, 2.0, 5.0, 9.0]) == pytest.approx(1)
    assert study.rank([9.0, 5.0, 2.0]) == pytest.approx(-1)
    assert study.rank([3.0, 3.0, 3.0]) == 0, "a constant ranks nothing"
    assert study.rank([1.0, 2.0, 2.0]) < 1, "a tie is no step"
    assert study.rank([1.0, None, 2.0]) is None


def test_auc_counts_no_value_as_one_half(study: ModuleType) -> None:
    assert study.auc([1.0, 2.0], [3.0, 4.0]) == 1
    assert study.auc([3.0], [1.0, 5.0]) == 0.5
    assert study.auc([1.0], [None, 2.0]) == 0.75


def test_each_step_of_a_ladder_is_more_damage(study: ModuleType) -> None:
    clean = noise(96, 128).astype(float)
    for kind, (damage, levels) in study.LADDERS.items():
        errors = [np.square(damage(clean.astype(np.uint8), k) - clean).mean() for k in levels]
        assert errors == sorted(errors) and errors[0] > 0, kind
