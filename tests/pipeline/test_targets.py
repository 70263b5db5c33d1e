"""What a user names: one folder, several, or files; the globs and the limit count for all."""

from pathlib import Path

import pytest
from factory import paint

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.score import score
from iqmetrics.pipeline.settings import Settings
from iqmetrics.pipeline.targets import are_folders, look
from iqmetrics.store import Store


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for number, name in enumerate(("flux/1.png", "flux/2.png", "qwen/1.png")):
        paint(tmp_path / name, number)
    return tmp_path


def found(target: object, **settings: object) -> tuple[list[str], dict[str, list[str]]]:
    with Store(None) as store:
        selection = look(target, store, Settings(**settings)).selection  # type: ignore[arg-type]
    return [entry.path for entry in selection.images], selection.skipped


def test_only_folders_are_folders(runs: Path) -> None:
    assert are_folders([runs / "flux", str(runs / "qwen")])
    assert not are_folders([runs / "flux"])
    assert not are_folders([runs / "flux", runs / "qwen/1.png"])
    assert not are_folders(str(runs))


def test_several_folders_are_models_by_their_names(runs: Path) -> None:
    result = score([runs / "qwen", runs / "flux"], scorers=("size",))
    assert result.scorecard.models == ("flux", "qwen")
    assert list(result.readings()) == ["flux/1.png", "flux/2.png", "qwen/1.png"]


def test_the_limit_and_the_globs_count_for_files_too(runs: Path) -> None:
    files = [runs / "flux/1.png", runs / "flux/2.png", runs / "qwen/1.png"]
    assert found(files, limit=2) == (["flux/1.png", "flux/2.png"], {"over the limit": [_Q]})
    assert found(files, include=("1.png",)) == (["flux/1.png", _Q], {"not included": [_F]})
    assert found(files, exclude=("qwen/*",)) == (["flux/1.png", _F], {"excluded": [_Q]})


_Q, _F = "qwen/1.png", "flux/2.png"


@pytest.mark.parametrize("beside", ["flux", "flux/1.png"])
def test_what_is_not_there_is_named_whatever_stands_beside_it(runs: Path, beside: str) -> None:
    with pytest.raises(BadInput, match="nowhere does not exist"):
        found([runs / beside, runs / "nowhere"])


def test_nothing_left_is_told(runs: Path) -> None:
    with pytest.raises(BadInput, match="no images"):
        found([runs / "flux", runs / "qwen"], exclude=("*",))
    with pytest.raises(BadInput, match="no images"):
        found([runs / "flux/1.png"], exclude=("*",))
