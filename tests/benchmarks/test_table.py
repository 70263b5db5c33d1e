"""README's table of speed says what the committed figures say, and no more."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table():
    path = ROOT / "benchmarks" / "table.py"
    if not path.is_file():
        pytest.skip("no checkout")
    spec = importlib.util.spec_from_file_location("speed_table", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["speed_table"] = module
    spec.loader.exec_module(module)
    return module


def test_readme_shows_the_committed_figures(table):
    readme = (ROOT / "README.md").read_text("utf-8")
    assert table.placed(readme, table.table(table.results())) == readme


def test_a_figure_that_was_not_measured_has_no_row(table):
    made = table.table({"scale": {"walk_1m_s": 2.345, "machine": "A chip, 2 cores, Linux x"}})
    assert made.splitlines()[2:] == ["| walking 1,000,000 files | 2.3 s | A chip, 2 cores |"]
    assert len(table.table({}).splitlines()) == 2


def test_every_row_names_a_figure_in_a_known_file(table):
    for row in table.ROWS:
        assert re.search(r"\{\w+:", row.shown), row
        assert row.file in {"scale", *table.results()}


def test_only_what_stands_between_the_marks_is_replaced(table):
    page = f"a\n{table.START}old\n{table.END}\nb"
    assert table.placed(page, "new\n") == f"a\n{table.START}new\n{table.END}\nb"
    with pytest.raises(ValueError, match="no place"):
        table.placed("a page without marks", "new")
