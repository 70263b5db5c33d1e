from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clip_weights import save_small

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets import clip, clip_source
from iqmetrics.weights import search


@pytest.fixture
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IQM_WEIGHTS_DIR", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    search.find.cache_clear()
    return tmp_path


@pytest.mark.parametrize(
    ("model", "command"),
    [
        (clip_source.DEFAULT, "iqm weights pull clip-vit-b-32"),
        ("ViT-B-16/laion2b_s34b_b88k", "hf download laion/CLIP-ViT-B-16-laion2B-s34B-b88K"),
        ("hf-hub:some/clip", "hf download some/clip"),
    ],
)
def test_absent_files_name_the_one_command(nothing_here: Path, model: str, command: str) -> None:
    with pytest.raises(Unavailable) as caught:
        clip_source.locate(model)
    assert caught.value.hint.startswith(command)


@pytest.mark.parametrize("model", ["ViT-B-32", "ViT-B-32/no_such_tag", "no-such-arch/laion2b"])
def test_names_that_mean_nothing(nothing_here: Path, model: str) -> None:
    with pytest.raises(BadInput):
        clip_source.locate(model)


def test_a_repository_in_the_hub_cache_is_found(nothing_here: Path) -> None:
    place = nothing_here / "models--some--clip" / "snapshots" / "1"
    place.mkdir(parents=True)
    (place / clip_source.CONFIG).write_text("{}")
    assert clip_source.locate("hf-hub:some/clip").folder == place


def test_the_vocabulary_tells_languages(tmp_path: Path) -> None:
    source = clip_source.locate(f"local-dir:{save_small(tmp_path)}")
    assert clip_source.vocabulary(source) == 49408
    many = clip_source.Source("x", arch="xlm-roberta-base-ViT-B-32")
    assert clip_source.vocabulary(many) > 100_000
    with pytest.raises(BadInput, match="no architecture"):
        clip_source.vocabulary(clip_source.Source("x", arch="none"))


def test_lines_of_the_ledger() -> None:
    assert clip_source.lines(clip_source.DEFAULT) == ("clip-vit-b-32",)
    assert clip_source.lines("local-dir:x") == ()


@dataclass(frozen=True)
class Asks:
    model: str
    fast: bool = False
    encoder: Any = None


def test_scorers_that_ask_alike_share_an_encoder(tmp_path: Path) -> None:
    name = f"local-dir:{save_small(tmp_path)}"
    one, two, fast = Asks(name), Asks(name), Asks(name, fast=True)
    for scorer in (one, two, fast):
        clip_source.load(scorer, "cpu")
    assert one.encoder is two.encoder is clip.encoder(name, "cpu", False)
    assert fast.encoder is not one.encoder
