"""benchmarks/quality.py: which pictures it takes and how it times."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    spec = importlib.util.spec_from_file_location("benchmark_quality", FOLDER / "quality.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_pictures_of_the_stated_size_are_timed(quality: ModuleType, tmp_path: Path) -> None:
    Image.new("RGB", (1024, 1024)).save(tmp_path / "a.png")
    Image.new("RGB", (512, 1024)).save(tmp_path / "b.png")
    assert [p.name for p in quality._square(tmp_path, 3)] == ["a.png"] * 3
    (tmp_path / "a.png").unlink()
    with pytest.raises(SystemExit, match="1024"):
        quality._square(tmp_path, 3)


def test_calls_are_timed_in_turns_after_one_unmeasured_round(quality: ModuleType) -> None:
    seen: list[str] = []
    timed = quality._in_turns([lambda: seen.append("a"), lambda: seen.append("b") or 7], 2)
    assert seen == ["a", "b"] * 3
    assert [answer for _, answer in timed] == [None, 7] and all(t >= 0 for t, _ in timed)


def test_without_warming_every_call_is_timed(quality: ModuleType) -> None:
    seen: list[str] = []
    quality._in_turns([lambda: seen.append("a")], 2, warm=False)
    assert seen == ["a"] * 2
    assert quality._processor_seconds(lambda: sum(range(200_000))) > 0
