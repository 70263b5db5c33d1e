import pytest

from iqmetrics.errors import Unavailable
from iqmetrics.nets.text import open as opening


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == "rapidocr" else object())
    with pytest.raises(Unavailable, match="rapidocr") as raised:
        opening.open_reader()
    assert "iqmetrics[score]" in raised.value.hint
