"""The tiny text-to-image model as a folder: exact text tower, equal bytes, honest refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from iqmetrics.demo import pipeline
from iqmetrics.errors import UnknownName

TEXTS = [
    "two red circles on a black background",
    "白色背景上有三个蓝色星星",
    'the word "cafe" in orange on white',
    "",
]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    pipeline.write_text(folder)
    return folder


def test_the_text_tower_says_what_open_clip_says(text: Path) -> None:
    torch = pytest.importorskip("torch")
    open_clip = pytest.importorskip("open_clip")
    transformers = pytest.importorskip("transformers")
    source = f"local-dir:{pipeline.shelf('tiny_clip')}"
    clip = open_clip.create_model(source).eval()
    tower, told = transformers.CLIPTextModel.from_pretrained(
        text / "text_encoder", dtype=torch.float32, output_loading_info=True
    )
    assert not told["missing_keys"] and not told["unexpected_keys"]
    tokens = transformers.CLIPTokenizer.from_pretrained(text / "tokenizer")
    ids = tokens(TEXTS, padding="max_length", return_tensors="pt").input_ids
    assert torch.equal(ids, open_clip.get_tokenizer(source)(TEXTS, context_length=24))
    with torch.no_grad():
        states = tower(ids)
        theirs = clip.encode_text(ids)
        pooled = states.pooler_output @ clip.text_projection
        known = clip.token_embedding(ids) + clip.positional_embedding
        known = clip.ln_final(clip.transformer(known, attn_mask=clip.attn_mask))
    assert torch.allclose(states.last_hidden_state, known, atol=2e-5)
    assert torch.allclose(pooled, theirs, atol=2e-5)


def test_every_weight_of_the_tower_has_its_place() -> None:
    whole = load_file(pipeline.shelf("tiny_clip") / "open_clip_model.safetensors")
    tower = pipeline.text_tower(whole)
    mine = {k: v for k, v in whole.items() if not k.startswith("visual.")}
    left_out = mine["text_projection"].size + mine["logit_scale"].size
    assert sum(v.size for v in tower.values()) == sum(v.size for v in mine.values()) - left_out
    joined = mine["transformer.resblocks.1.attn.in_proj_weight"]
    third = tower["text_model.encoder.layers.1.self_attn.k_proj.weight"]
    assert np.array_equal(third, joined[128:256])


def test_the_tokenizer_and_the_tower_agree_on_special_tokens(text: Path) -> None:
    config = json.loads((text / "text_encoder" / "config.json").read_text())
    vocabulary = json.loads((text / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"]
    assert config["bos_token_id"] == vocabulary["<|startoftext|>"]
    assert config["eos_token_id"] == vocabulary["<|endoftext|>"]
    assert config["pad_token_id"] == vocabulary["<|pad|>"]
    assert config["vocab_size"] == len(vocabulary)


def test_other_targets_stay_as_they_are() -> None:
    assert pipeline.locate("black-forest-labs/FLUX.1-dev") == "black-forest-labs/FLUX.1-dev"


def test_a_checkpoint_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownName, match="checkpoint of the demo model") as caught:
        pipeline.locate("demo/v3")
    assert "v2" in str(caught.value.hint)
