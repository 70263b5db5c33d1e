"""The tiny text-to-image model as a folder: exact text tower, equal bytes, honest refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from iqmetrics.demo import pipeline

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


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a training run leaves, with weights by chance and a UNet of one narrow block."""
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    from safetensors.torch import save_file

    torch.manual_seed(0)
    source = tmp_path_factory.mktemp("run")
    unet = diffusers.UNet2DConditionModel(
        sample_size=16,
        cross_attention_dim=128,
        block_out_channels=(8,),
        attention_head_dim=1,
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=64,
    )
    for name, model in (("unet-100", unet), ("vae", vae)):
        halves = {k: v.half().contiguous() for k, v in model.state_dict().items()}
        save_file(halves, source / f"{name}.safetensors", {"format": "pt"})
        (source / f"{name.removesuffix('-100')}.json").write_text(model.to_json_string())
    (source / "scheduler.json").write_text(
        diffusers.DDIMScheduler(clip_sample=False, steps_offset=1).to_json_string()
    )
    return source


def test_the_folder_is_the_same_every_time(untrained: Path, tmp_path: Path) -> None:
    made = [pipeline.assemble(untrained, "unet-100", tmp_path / n) for n in ("a", "b")]
    files = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in made]
    assert files[0] == files[1] and len(files[0]) == 10


def test_all_files_may_be_read_by_the_same_people(text: Path) -> None:
    """Weights used to be for their owner only, whatever the umask."""
    modes = {p.name: p.stat().st_mode & 0o777 for p in text.rglob("*") if p.is_file()}
    assert modes["model.safetensors"] == modes["config.json"]


def test_a_shipped_checkpoint_is_written_as_plain_halves(tmp_path: Path) -> None:
    """Every name and shape that the UNet has, nothing of how it is stored."""
    diffusers = pytest.importorskip("diffusers")
    folder = pipeline.shipped("v1", tmp_path) / "unet"
    written = load_file(folder / "diffusion_pytorch_model.safetensors")
    assert {str(value.dtype) for value in written.values()} == {"float16"}
    config = json.loads((folder / "config.json").read_text())
    unet = diffusers.UNet2DConditionModel.from_config(config)
    shapes = {name: tuple(value.shape) for name, value in unet.state_dict().items()}
    assert {name: value.shape for name, value in written.items()} == shapes


def test_our_back_end_runs_it_and_the_prompt_matters(untrained: Path, tmp_path: Path) -> None:
    from iqmetrics.generators.base import Request
    from iqmetrics.generators.diffusers_pipeline import Diffusers

    folder = pipeline.assemble(untrained, "unet-100", tmp_path)
    model = Diffusers(str(folder), device="cpu", params={"steps": 2, "guidance": 3.0})
    model.open(False)
    texts = [TEXTS[0], TEXTS[0], TEXTS[1]]
    images = [r.image for r in model([Request(t, t, 7) for t in texts])]
    assert model.about()["pipeline"] == "StableDiffusionPipeline"
    first, again, other = (image.tobytes() for image in images if image is not None)
    assert first == again != other
    assert images[0] is not None and images[0].size == (64, 64)
