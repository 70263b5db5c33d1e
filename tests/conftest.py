"""Processes that tests start import the installed package, never the checkout they stand in."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["PYTHONSAFEPATH"] = "1"

# The same examples every time and no limit a busy machine could miss; to look for others:
# pytest --hypothesis-profile default
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session")
def ray_here() -> Iterator[None]:
    """A Ray of two cores on this machine, whose workers can import helpers of the tests."""
    if find_spec("ray") is None:
        pytest.skip("ray is not installed: pip install 'iqmetrics[ray]'")
    import ray

    tests = Path(__file__).parent
    kept = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, (tests / "engines", tests / "pipeline")))
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=100 << 20,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
    finally:
        if kept is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = kept
    yield
    ray.shutdown()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Call it with a number of columns, and stdout is a terminal that wide."""

    def be(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    return be


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every place where weights are looked for lies in a new folder."""
    from iqmetrics.weights import search

    for name in ("HOME", "IQM_WEIGHTS_DIR", "HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    search.find.cache_clear()
    yield tmp_path
    search.find.cache_clear()
