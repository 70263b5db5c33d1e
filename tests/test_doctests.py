"""The examples in docstrings of the installed package give what they show."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import iqmetrics

LIGHT = (
    "iqmetrics.stats",
    "iqmetrics.render",
    "iqmetrics.views",
    "iqmetrics.pipeline",
    "iqmetrics.metadata",
)


def modules() -> list[str]:
    walked = pkgutil.walk_packages(iqmetrics.__path__, "iqmetrics.")
    return [m.name for m in walked if m.name.startswith(LIGHT)]


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
