import ast

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
