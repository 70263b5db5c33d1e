import pytest

from iqmetrics.nets.trial import works


def test_what_answers_right_is_used_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert works(lambda: True, "slower") and not caplog.records


def test_what_is_not_installed_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    def absent() -> bool:
        raise ModuleNotFoundError("no triton")

    assert not works(absent, "slower") and not caplog.records


def test_what_answers_otherwise_or_fails_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bool:
        raise RuntimeError("no such GPU" + "!" * 1000)

    assert not works(lambda: False, "slower on a")
    assert not works(broken, "slower on b")
    first, second = (record.getMessage() for record in caplog.records)
    assert first == "slower on a: they answer otherwise"
    assert second.startswith("slower on b: no such GPU!") and len(second) < 400
