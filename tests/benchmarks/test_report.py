"""benchmarks/report.py: flat, merged, and honest about what was not measured."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "report.py"


@pytest.fixture(scope="module")
def report() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_report", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_writes_figures_and_what_they_rest_on(report: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "results" / "x.json"
    report.write(file, {"speedup": 12.5}, {"speedup": "median of 5"})
    found = json.loads(file.read_text("utf-8"))
    assert found["speedup"] == 12.5
    assert found["notes"] == {"speedup": "median of 5"}
    assert set(report.ABOUT) <= set(found)
    assert found["versions"]["numpy"] and found["commit"] and "cores" in found["machine"]


def test_a_partial_run_keeps_the_other_figures(report: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    report.write(file, {"a": 1}, {"b": "no GPU here", "a": "once"})
    report.write(file, {"b": 2}, {})
    found = json.loads(file.read_text("utf-8"))
    assert (found["a"], found["b"]) == (1, 2)
    assert found["notes"] == {"a": "once"}, "the excuse goes when the figure comes"


def test_a_figure_cannot_take_a_reserved_name(report: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="date"):
        report.write(tmp_path / "x.json", {"date": 1})


def test_no_folder_of_this_machine_is_written(report: ModuleType) -> None:
    words = [f"{Path.cwd()}/benchmarks/quality.py", "/somewhere/else/out.json", "--json"]
    assert report._relative(words) == ["benchmarks/quality.py", "out.json", "--json"]


def test_without_a_file_it_prints(report: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    report.write(None, {"a": 1})
    assert json.loads(capsys.readouterr().out)["a"] == 1
