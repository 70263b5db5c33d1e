"""The device: torch is asked only where a GPU may be; a GPU that was asked for is never replaced."""

import sys
from types import SimpleNamespace

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import device


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> object:
    """Pretend a machine: whether it has a device file, and what torch says of it."""

    def pretend(gpu: bool, works: bool | None) -> None:
        monkeypatch.setattr(device, "glob", lambda _: ["/dev/nvidia0"] if gpu else [])
        torch = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: works))
        monkeypatch.setitem(sys.modules, "torch", None if works is None else torch)

    return pretend


@pytest.mark.parametrize(
    ("asked", "gpu", "works", "chosen"),
    [
        ("auto", True, True, "cuda"),
        ("auto", True, False, "cpu"),
        ("auto", True, None, "cpu"),
        ("auto", False, True, "cpu"),
        ("cpu", True, True, "cpu"),
        ("cuda", True, True, "cuda"),
        ("cuda", False, True, "cuda"),
    ],
)
def test_what_is_chosen(
    asked: str, gpu: bool, works: bool | None, chosen: str, machine: object
) -> None:
    machine(gpu, works)  # type: ignore[operator]
    assert device.choose(asked) == chosen


@pytest.mark.parametrize("works", [False, None])
def test_a_gpu_that_was_asked_for_and_is_not_there_is_an_error(
    works: bool | None, machine: object
) -> None:
    machine(True, works)  # type: ignore[operator]
    with pytest.raises(BadInput, match="no CUDA device") as caught:
        device.choose("cuda")
    assert "iqm doctor --deep" in caught.value.hint


@pytest.mark.parametrize("asked", ["gpu", "", "CUDA", "cuda:0"])
def test_an_unknown_device_lists_the_known(asked: str) -> None:
    with pytest.raises(BadInput, match="unknown device") as caught:
        device.choose(asked)
    assert "auto, cpu, cuda" in caught.value.hint


@pytest.mark.parametrize("asked", ["cpu", "auto"])
def test_torch_is_not_touched_where_no_gpu_is(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise AssertionError("torch was asked")

    monkeypatch.setattr(device, "glob", lambda _: [])
    monkeypatch.setattr(device, "_cuda_works", fail)
    assert device.choose(asked) == "cpu"
