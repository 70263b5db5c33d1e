"""`import iqmetrics` is light, and every public name is there."""

import subprocess
import sys

import pytest

import iqmetrics


@pytest.mark.parametrize("name", iqmetrics.__all__)
def test_every_public_name_can_be_used(name: str) -> None:
    assert getattr(iqmetrics, name) is not None
    assert name in dir(iqmetrics)


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert iqmetrics.__version__ == version("iqmetrics")


def test_an_unknown_name_is_told_as_usual() -> None:
    with pytest.raises(AttributeError, match="'iqmetrics' has no attribute 'scoer'"):
        iqmetrics.scoer  # noqa: B018
    assert not hasattr(iqmetrics, "_private")


def test_importing_it_loads_nothing_else() -> None:
    code = (
        "import sys, iqmetrics; heavy = {'numpy', 'PIL', 'torch', 'click', 'rich', 'jinja2'};"
        "own = [m for m in sys.modules if m.startswith('iqmetrics.')];"
        "print(sorted(heavy & set(sys.modules)), own)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


def test_the_names_are_those_of_their_modules() -> None:
    from iqmetrics.errors import IqmError
    from iqmetrics.pipeline.score import score
    from iqmetrics.records import Reading

    assert iqmetrics.IqmError is IqmError
    assert iqmetrics.score is score
    assert iqmetrics.Reading is Reading
