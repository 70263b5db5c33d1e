import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

from iqmetrics.nets import pyiqa_table


def known(source: str, name: str = "some_metric") -> pyiqa_table.Known:
    node = ast.parse(source, mode="eval").body
    return pyiqa_table._known(name, pyiqa_table._values(node))


def test_a_row_is_read() -> None:
    row = "{'metric_opts': {'type': 'NET'}, 'metric_mode': 'NR', 'lower_better': True, 'score_range': '0, 1'}"
    assert known(row) == pyiqa_table.Known("some_metric", True, "0, 1", True, "NET")


def test_what_is_computed_is_left_out() -> None:
    found = known("{'metric_mode': 'FR', 'score_range': f(3), 'lower_better': False}")
    assert found.usual == "not stated"
    assert not found.reference_free and not found.lower_better


def test_no_reference_in_name_only() -> None:
    assert not known("{'metric_mode': 'NR'}", "clipscore").reference_free


def test_without_pyiqa_the_default_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyiqa_table, "find_spec", lambda name: None)
    assert pyiqa_table.table.__wrapped__() == {"musiq": pyiqa_table.MUSIQ}


MANY = ", ".join(
    f"'m{n}': {{'metric_mode': 'NR', 'lower_better': {n % 2 == 1}}}" for n in range(25)
)


def test_the_table_is_found_among_the_other_dicts_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as text: pyiqa's own file is never run."""
    source = f"small = {{'a': 1}}\nraise SystemExit\nDEFAULT = dict({{**other, {MANY}}})\n"
    (tmp_path / "default_model_configs.py").write_text(source)
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(pyiqa_table, "find_spec", lambda name: spec)
    found = pyiqa_table.table.__wrapped__()
    assert set(found) == {f"m{n}" for n in range(25)}
    assert found["m3"].lower_better and not found["m4"].lower_better
    assert all(known.reference_free for known in found.values())


def test_something_else_of_that_name_is_no_pyiqa(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file pyiqa.py in the folder where one stands."""
    spec = SimpleNamespace(submodule_search_locations=None)
    monkeypatch.setattr(pyiqa_table, "find_spec", lambda name: spec)
    assert pyiqa_table.table.__wrapped__() == {"musiq": pyiqa_table.MUSIQ}
