import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clip_weights import CONFIG, save_small

from iqmetrics.errors import BadInput, IqmError, Unavailable
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
    (place / clip_source.CONFIG).write_text(json.dumps(CONFIG))
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


def saved(folder: Path, config: object = CONFIG) -> str:
    """A folder with a configuration and no weights; returns the model's name."""
    folder.mkdir(parents=True, exist_ok=True)
    text = config if isinstance(config, str) else json.dumps(config)
    (folder / clip_source.CONFIG).write_text(text)
    return f"local-dir:{folder}"


def told(model: str, kind: type[IqmError]) -> IqmError:
    with pytest.raises(kind) as caught:
        clip_source.locate(model)
    return caught.value


def test_the_demo_model_lies_in_the_package() -> None:
    source = clip_source.locate("demo")
    assert source.folder is not None and (source.folder / clip_source.CONFIG).is_file()
    assert clip_source.vocabulary(source) < 49408
    assert (source.arch, source.tag, source.file, source.weight) == ("", "", None, "")


def test_a_folder_is_taken_as_it_is_named(tmp_path: Path) -> None:
    assert clip_source.locate(saved(tmp_path / "a:b")).folder == tmp_path / "a:b"


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    error = told(f"local-dir:{tmp_path}", Unavailable)
    assert error.message == f"{tmp_path} has no {clip_source.CONFIG}"
    assert error.hint == "Give a folder saved by open_clip"


@pytest.mark.parametrize("model", ["local-dir", "hf-hub", "", "/", "ViT-B-32/", "some:ViT-B-32"])
def test_what_is_no_name_of_a_model_shows_one(nothing_here: Path, model: str) -> None:
    error = told(model, BadInput)
    assert error.message == f"{model!r} is no CLIP model"
    assert clip_source.DEFAULT in error.hint and "local-dir:PATH" in error.hint


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        "{}",
        {"model_cfg": {}},
        {"model_cfg": []},
        {"model_cfg": {"text_cfg": None}},
        {"model_cfg": {"text_cfg": {"vocab_size": "many"}}},
    ],
)
@pytest.mark.parametrize("hub", [False, True])
def test_a_configuration_that_was_cut_or_is_of_another_program_is_told(
    nothing_here: Path, config: object, hub: bool
) -> None:
    """It used to end as a bug, after torch was loaded."""
    place = nothing_here / "models--a--b" / "snapshots" / "1"
    model = saved(place, config)
    error = told("hf-hub:a/b" if hub else model, BadInput)
    assert error.message.startswith(
        f"{place / clip_source.CONFIG} is no configuration of open_clip"
    )
    assert "again" in error.hint


def test_a_text_side_from_the_hub_is_made_for_many_languages(tmp_path: Path) -> None:
    text = {"hf_model_name": "xlm-roberta-base", "vocab_size": 100}
    model = saved(tmp_path, {"model_cfg": {"text_cfg": text}})
    assert clip_source.vocabulary(clip_source.locate(model)) > 100_000
    plain = saved(tmp_path, {"model_cfg": {"text_cfg": {"vocab_size": 32_000}}})
    assert clip_source.vocabulary(clip_source.locate(plain)) == 32_000
    silent = saved(tmp_path, {"model_cfg": {"text_cfg": {}}})
    assert clip_source.vocabulary(clip_source.locate(silent)) == 49408, "open_clip's own default"


def test_tags_that_there_are_stand_in_the_hint(nothing_here: Path) -> None:
    error = told("ViT-B-32/no_such_tag", BadInput)
    assert error.message == "open_clip has no weights 'ViT-B-32/no_such_tag'"
    assert error.hint.startswith("Tags of ViT-B-32: ") and "laion2b_s34b_b79k" in error.hint
    assert told("no-such-arch/x", BadInput).hint == "See open_clip.list_pretrained()"


@pytest.mark.parametrize("name", ["open_clip_model.safetensors", "model.safetensors"])
def test_a_tag_beyond_the_ledger_is_found_in_the_hub_cache(nothing_here: Path, name: str) -> None:
    repo = "models--laion--CLIP-ViT-B-16-laion2B-s34B-b88K"
    place = nothing_here / repo / "snapshots" / "1"
    place.mkdir(parents=True)
    (place / "README.md").write_text("not the weights")
    told("ViT-B-16/laion2b_s34b_b88k", Unavailable)
    (place / name).write_bytes(b"w")
    source = clip_source.locate("ViT-B-16/laion2b_s34b_b88k")
    assert source.file == place / name
    assert (source.arch, source.tag) == ("ViT-B-16", "laion2b_s34b_b88k")


@pytest.mark.parametrize("tokenizer", [False, True])
def test_a_line_of_the_ledger_brings_its_file_and_tokenizer(
    nothing_here: Path, monkeypatch: pytest.MonkeyPatch, tokenizer: bool
) -> None:
    file, folder = nothing_here / "w.safetensors", nothing_here / "clip-vit-b-32"
    folder.mkdir()
    if tokenizer:
        (folder / "tokenizer.json").write_text("{}")
    monkeypatch.setattr(clip_source.weights, "find", lambda name: file)
    assert clip_source.locate(clip_source.DEFAULT) == clip_source.Source(
        clip_source.DEFAULT,
        arch="ViT-B-32",
        tag="laion2b_s34b_b79k",
        file=file,
        weight="clip-vit-b-32",
        tokenizer=folder if tokenizer else None,
    )


@pytest.mark.parametrize("name", sorted(clip_source.PACKAGES))
def test_a_package_that_is_not_there_names_the_command(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    find = clip_source.find_spec
    monkeypatch.setattr(clip_source, "find_spec", lambda n: None if n == name else find(n))
    error = told("demo", Unavailable)
    assert error.message == f"CLIP needs {clip_source.PACKAGES[name]}, which is not installed"
    assert error.hint == "pip install 'iqmetrics[score]'"


def test_nothing_is_encoded_where_the_files_are_missing(
    nothing_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "iqmetrics.nets.clip", None)
    monkeypatch.delattr("iqmetrics.nets.clip")
    with pytest.raises(Unavailable):
        clip_source.load(Asks(clip_source.DEFAULT), "cpu")
